"""Stamp templates that institutions keep."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    instant = core.columns.UtcDateTime(timezone=True)
    op.create_table(
        "stamp_templates",
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("act_id", sa.String(length=32), nullable=False),
        sa.Column("look", sa.Text(), nullable=False),
        sa.Column("stored_by", sa.String(length=64), nullable=False),
        sa.Column("stored_at", instant, nullable=False),
        sa.Column("ended_at", instant, nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", core.columns.BigIdentity, nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_stamp_templates_version")),
        sa.PrimaryKeyConstraint("institution", "name", "version", name=op.f("pk_stamp_templates")),
        sa.UniqueConstraint("act_id", name=op.f("uq_stamp_templates_act_id")),
    )
