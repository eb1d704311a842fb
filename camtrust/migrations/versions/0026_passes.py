"""Passes, their codes, the status lists in which each has a place, and batches of passes."""

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
    _make_lists()
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
    _make_codes()
    _make_batches(instant)


def _make_lists() -> None:
    op.create_table(
        "pass_status_lists",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("taken > 0", name=op.f("ck_pass_status_lists_taken")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_pass_status_lists")),
    )


def _make_codes() -> None:
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


def _make_batches(instant: core.columns.UtcDateTime) -> None:
    op.create_table(
        "pass_batches",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("submitter", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opened_at", instant, nullable=False),
        sa.Column("finished_at", instant, nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("octets", sa.BigInteger(), nullable=True),
        sa.Column("records", sa.BigInteger(), nullable=True),
        sa.Column("header", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", core.columns.BigIdentity, nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'received', 'issuing', 'done', 'refused', 'cancelled')",
            name=op.f("ck_pass_batches_state"),
        ),
        sa.CheckConstraint("form IN ('jsonl', 'csv')", name=op.f("ck_pass_batches_form")),
        sa.CheckConstraint(
            "(state = 'refused') = (detail IS NOT NULL)", name=op.f("ck_pass_batches_refused")
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'refused', 'cancelled')) = (finished_at IS NOT NULL)",
            name=op.f("ck_pass_batches_ended"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pass_batches")),
    )
    op.create_index("ix_pass_batches_state", "pass_batches", ["state", "id"])
    op.create_index("ix_pass_batches_institution", "pass_batches", ["institution", "id"])
    _make_chunks(instant)
    _make_results()


def _make_chunks(instant: core.columns.UtcDateTime) -> None:
    op.create_table(
        "pass_batch_chunks",
        sa.Column("batch", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_row", sa.BigInteger(), nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("octets", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=True),
        sa.Column("worker_until", instant, nullable=True),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'done')", name=op.f("ck_pass_batch_chunks_state")),
        _of_batch("pass_batch_chunks"),
        sa.PrimaryKeyConstraint("batch", "number", name=op.f("pk_pass_batch_chunks")),
    )
    op.create_index("ix_pass_batch_chunks_state", "pass_batch_chunks", ["batch", "state", "number"])


def _make_results() -> None:
    op.create_table(
        "pass_batch_passes",
        sa.Column("batch", sa.String(length=32), nullable=False),
        sa.Column("row", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("pass_id", sa.String(length=32), nullable=False),
        _of_batch("pass_batch_passes"),
        sa.ForeignKeyConstraint(
            ["pass_id"], ["passes.id"], name=op.f("fk_pass_batch_passes_pass_id_passes")
        ),
        sa.PrimaryKeyConstraint("batch", "row", name=op.f("pk_pass_batch_passes")),
        sa.UniqueConstraint("pass_id", name=op.f("uq_pass_batch_passes_pass_id")),
    )
    op.create_table(
        "pass_batch_rejects",
        sa.Column("batch", sa.String(length=32), nullable=False),
        sa.Column("row", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("problem", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        _of_batch("pass_batch_rejects"),
        sa.PrimaryKeyConstraint("batch", "row", name=op.f("pk_pass_batch_rejects")),
    )


def _of_batch(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["batch"], ["pass_batches.id"], name=op.f(f"fk_{table}_batch_pass_batches")
    )
