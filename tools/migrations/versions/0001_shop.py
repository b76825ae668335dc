"""Products, customers, orders and returns."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = ("shop",)


def upgrade() -> None:
    op.create_table(
        "products",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False, unique=True),
        sa.Column("price", sa.Numeric(8, 2), nullable=False),
        sa.Column("fact", sa.String(200), nullable=False),
    )
    op.create_table(
        "customers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("postcode", sa.String(10), nullable=False),
    )
    op.create_table(
        "orders",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("customer_id", sa.Integer, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("product_id", sa.Integer, sa.ForeignKey("products.id"), nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("delivery_day", sa.Date, nullable=False),
        sa.Column("moved_by", sa.String(160)),
    )
    op.create_table(
        "returns",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("order_number", sa.Integer, sa.ForeignKey("orders.number"), nullable=False, unique=True),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("opened_by", sa.String(160), nullable=False, unique=True),
    )


def downgrade() -> None:
    for table in ("returns", "orders", "customers", "products"):
        op.drop_table(table)
