"""The tables of revoking many at once, and the scopes of status."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

instant = core.columns.UtcDateTime(timezone=True)
number = core.columns.BigIdentity


def make_tables() -> None:
    """Make them, what is referred to first."""
    _make_revocation_jobs()
    _make_break_glass_uses()
    _make_status_scopes()


def _make_revocation_jobs() -> None:
    op.create_table(
        "revocation_jobs",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("selection", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("invalidity_date", instant, nullable=True),
        sa.Column("justification", sa.Text(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("requested_by", sa.String(length=128), nullable=False),
        sa.Column("requested_at", instant, nullable=False),
        sa.Column("approved_by", sa.String(length=128), nullable=True),
        sa.Column("approved_at", instant, nullable=True),
        sa.Column("horizon", number, nullable=True),
        sa.Column("cursor", number, nullable=False),
        sa.Column("revoked", sa.Integer(), nullable=False),
        sa.Column("finished_at", instant, nullable=True),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'done', 'withdrawn')",
            name=op.f("ck_revocation_jobs_state"),
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'withdrawn')"
            " OR (approved_by IS NOT NULL AND horizon IS NOT NULL)",
            name=op.f("ck_revocation_jobs_approved_before_run"),
        ),
        sa.CheckConstraint(
            "approved_by IS NULL OR approved_by <> requested_by",
            name=op.f("ck_revocation_jobs_two_officers"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revocation_jobs")),
    )


def _make_break_glass_uses() -> None:
    op.create_table(
        "break_glass_uses",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("used_at", instant, nullable=False),
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("serial_number_hex", sa.String(length=40), nullable=False),
        sa.Column("first_operator", sa.String(length=128), nullable=False),
        sa.Column("second_operator", sa.String(length=128), nullable=False),
        sa.Column("justification", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint(
            "first_operator <> second_operator", name=op.f("ck_break_glass_uses_two_operators")
        ),
        sa.ForeignKeyConstraint(
            ["authority"],
            ["authorities.name"],
            name=op.f("fk_break_glass_uses_authority_authorities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break_glass_uses")),
    )


def _make_status_scopes() -> None:
    op.create_table(
        "status_scopes",
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_change", instant, nullable=False),
        sa.Column("last_number", number, nullable=False),
        sa.Column("claimed_until", instant, nullable=True),
        sa.ForeignKeyConstraint(
            ["authority"], ["authorities.name"], name=op.f("fk_status_scopes_authority_authorities")
        ),
        sa.PrimaryKeyConstraint("authority", "shard", name=op.f("pk_status_scopes")),
    )
