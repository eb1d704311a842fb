"""Passes, their codes, and the status lists in which each has a place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    instant = core.columns.UtcDateTime(timezone=True)
    op.create_table(
        "pass_status_lists",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("taken > 0", name=op.f("ck_pass_status_lists_taken")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_pass_status_lists")),
    )
    op.create_table(
        "passes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("issued_by", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=True),
        sa.Column("certificate_id", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("issued_at", instant, nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.Column("status_list", sa.Integer(), nullable=False),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.Column("revoked_at", instant, nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", core.columns.BigIdentity, nullable=False),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (reason IS NULL)", name=op.f("ck_passes_revoked")
        ),
        sa.ForeignKeyConstraint(
            ["status_list"],
            ["pass_status_lists.number"],
            name=op.f("fk_passes_status_list_pass_status_lists"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passes")),
        sa.UniqueConstraint("certificate_id", name=op.f("uq_passes_certificate_id")),
        sa.UniqueConstraint(
            "institution", "type", "reference", name=op.f("uq_passes_institution_type_reference")
        ),
        sa.UniqueConstraint("number", name=op.f("uq_passes_number")),
        sa.UniqueConstraint(
            "status_list", "status_index", name=op.f("uq_passes_status_list_status_index")
        ),
    )
    op.create_index("ix_passes_institution", "passes", ["institution", "id"])
    op.create_index("ix_passes_expires_at", "passes", ["expires_at"])
    op.create_table(
        "pass_codes",
        sa.Column("pass_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["pass_id"], ["passes.id"], name=op.f("fk_pass_codes_pass_id_passes")
        ),
        sa.PrimaryKeyConstraint("pass_id", "kind", name=op.f("pk_pass_codes")),
    )
