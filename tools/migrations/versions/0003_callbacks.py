"""Who is to be called back by the shop."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None


def upgrade() -> None:
    op.create_table(
        "callbacks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("phone", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("order_number", sa.Integer),
        sa.Column("wanted_at", sa.DateTime, nullable=False, index=True),
        sa.Column("wanted_by", sa.String(160), nullable=False, unique=True),
    )


def downgrade() -> None:
    op.drop_table("callbacks")
