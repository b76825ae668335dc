"""Pictures of what arrived damaged, for the people who inspect it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None


def upgrade() -> None:
    op.create_table(
        "inspections",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("order_number", sa.Integer, sa.ForeignKey("orders.number"), nullable=False, index=True),
        sa.Column("call", sa.String(80), nullable=False),
        sa.Column("picture", sa.String(20), nullable=False),
        sa.Column("description", sa.String(400), nullable=False),
        sa.Column("noted_on", sa.Date, nullable=False),
        sa.Column("noted_by", sa.String(160), nullable=False, unique=True),
        sa.UniqueConstraint("order_number", "call", "picture"),
    )


def downgrade() -> None:
    op.drop_table("inspections")
