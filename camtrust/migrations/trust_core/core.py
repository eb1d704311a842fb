"""The tables of what the ground keeps: leases, requests made once, the log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

instant = core.columns.UtcDateTime(timezone=True)
number = core.columns.BigIdentity


def make_tables() -> None:
    """Make them, what is referred to first."""
    _make_idempotent_requests()
    _make_leases()
    _make_log_entries()
    _make_log_state()


def _make_idempotent_requests() -> None:
    op.create_table(
        "idempotent_requests",
        sa.Column("principal", sa.String(length=64), nullable=False),
        sa.Column("key_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("request_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("act_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("lease_until", instant, nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "state <> 'answered' OR body IS NOT NULL",
            name=op.f("ck_idempotent_requests_answered_has_body"),
        ),
        sa.CheckConstraint(
            "state IN ('running', 'answered')", name=op.f("ck_idempotent_requests_state")
        ),
        sa.PrimaryKeyConstraint("principal", "key_sha256", name=op.f("pk_idempotent_requests")),
        sa.UniqueConstraint("act_id", name=op.f("uq_idempotent_requests_act_id")),
    )
    op.create_index(
        "ix_idempotent_requests_created_at", "idempotent_requests", ["created_at"], unique=False
    )


def _make_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=False),
        sa.Column("until", instant, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )


def _make_log_entries() -> None:
    op.create_table(
        "log_entries",
        sa.Column("entry_index", number, autoincrement=False, nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entry_index", name=op.f("pk_log_entries")),
    )


def _make_log_state() -> None:
    op.create_table(
        "log_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", number, nullable=False),
        sa.Column("edge", sa.LargeBinary(), nullable=False),
        sa.Column("published_size", number, nullable=False),
        sa.Column("published_edge", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_log_state_one_row")),
        sa.CheckConstraint("published_size <= size", name=op.f("ck_log_state_published_is_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_state")),
    )
