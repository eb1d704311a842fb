"""Signing ahead"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    instant = core.columns.UtcDateTime(timezone=True)
    serial_number = core.columns.SerialNumber(length=20)
    op.create_table(
        "signing_ranges",
        sa.Column("store_id", sa.String(length=32), nullable=False),
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lower", serial_number, nullable=False),
        sa.Column("upper", serial_number, nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("mended", sa.Integer(), nullable=False),
        sa.Column("signed_since", instant, nullable=True),
        sa.Column("holds_until", instant, nullable=True),
        sa.Column("holder", sa.String(length=128), nullable=True),
        sa.Column("lease_until", instant, nullable=True),
        sa.Column("started_at", instant, nullable=True),
        sa.Column("progress", serial_number, nullable=True),
        sa.Column("is_full", sa.Boolean(), nullable=True),
        sa.Column("serving", sa.Integer(), nullable=True),
        sa.Column("walk_holds_until", instant, nullable=True),
        sa.PrimaryKeyConstraint("store_id", "authority", "number", name=op.f("pk_signing_ranges")),
    )
    op.create_index("ix_signing_ranges_due", "signing_ranges", ["store_id", "due_at"], unique=False)
