"""What a household has spent."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0002"
branch_labels = None


def upgrade() -> None:
    op.create_table(
        "household_purchases",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("day", sa.Date, nullable=False, index=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("what", sa.String(120), nullable=False),
        sa.Column("pence", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("household_purchases")
