"""Blocks of the time-stamping authority's serial numbers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

instant = core.columns.UtcDateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "time_stamp_blocks",
        sa.Column("authority", sa.String(length=32), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", instant, nullable=False),
        sa.CheckConstraint("taken > 0", name=op.f("ck_time_stamp_blocks_taken")),
        sa.PrimaryKeyConstraint("authority", name=op.f("pk_time_stamp_blocks")),
    )
