"""Appointments, notes and members of a household."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = None
branch_labels = ("household",)


def upgrade() -> None:
    op.create_table(
        "appointments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("starts", sa.DateTime, nullable=False, index=True),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("changed_by", sa.String(160), unique=True),
    )
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("taken", sa.DateTime, nullable=False, index=True),
        sa.Column("taken_by", sa.String(160), unique=True),
        sa.Column("deleted_by", sa.String(160)),
    )
    op.create_table(
        "household_members",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(40), nullable=False, unique=True),
    )


def downgrade() -> None:
    for table in ("household_members", "notes", "appointments"):
        op.drop_table(table)
