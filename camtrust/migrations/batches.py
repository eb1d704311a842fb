"""The tables of batches; revision 0013 makes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

instant = core.columns.UtcDateTime(timezone=True)
number = core.columns.BigIdentity


def make_tables() -> None:
    """Make the tables."""
    _make_batches()
    _make_batch_rows()
    _make_batch_decisions()


def _make_batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("submitter", sa.String(length=64), nullable=False),
        sa.Column("submitter_person", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=True),
        sa.Column("decided", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("upload_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("approvals_needed", sa.Integer(), nullable=True),
        sa.Column("approvals", sa.Integer(), nullable=False),
        sa.Column("submitted_at", instant, nullable=False),
        sa.Column("finished_at", instant, nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", number, nullable=False),
        *_batch_rules(),
    )
    op.create_index(op.f("ix_batches_institution"), "batches", ["institution"], unique=False)
    op.create_index("ix_batches_state", "batches", ["state", "id"], unique=False)
    op.create_index("ix_batches_submitter", "batches", ["submitter", "id"], unique=False)


def _batch_rules() -> tuple[sa.Constraint, ...]:
    return (
        sa.CheckConstraint("decided IN ('whole', 'each')", name=op.f("ck_batches_decided")),
        sa.CheckConstraint(
            "state <> 'working' OR decided = 'each' OR "
            "(approvals_needed IS NOT NULL AND approvals = approvals_needed)",
            name=op.f("ck_batches_approved"),
        ),
        sa.CheckConstraint(
            "state IN ('checking', 'waiting', 'working', 'done', 'refused', 'cancelled')",
            name=op.f("ck_batches_state"),
        ),
        sa.CheckConstraint("approvals BETWEEN 0 AND 2", name=op.f("ck_batches_approvals")),
        sa.CheckConstraint(
            "approvals_needed BETWEEN 1 AND 2", name=op.f("ck_batches_approvals_needed")
        ),
        sa.CheckConstraint("rows BETWEEN 1 AND 10000", name=op.f("ck_batches_rows")),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name=op.f("fk_batches_institution_institutions")
        ),
        sa.ForeignKeyConstraint(
            ["submitter", "submitter_person"],
            ["principals.id", "principals.person"],
            name=op.f("fk_batches_submitter_submitter_person_principals"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("id", "submitter_person", name=op.f("uq_batches_id_submitter_person")),
    )


def _make_batch_rows() -> None:
    op.create_table(
        "batch_rows",
        sa.Column("batch", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=True),
        sa.Column("problem", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("application", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "(state IN ('rejected', 'failed')) = (problem IS NOT NULL)",
            name=op.f("ck_batch_rows_problem"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'passed', 'rejected', 'submitted', 'issued', 'failed', "
            "'dropped')",
            name=op.f("ck_batch_rows_state"),
        ),
        sa.ForeignKeyConstraint(
            ["batch"], ["batches.id"], name=op.f("fk_batch_rows_batch_batches")
        ),
        sa.PrimaryKeyConstraint("batch", "number", name=op.f("pk_batch_rows")),
    )
    op.create_index(
        "ix_batch_rows_fingerprint", "batch_rows", ["batch", "fingerprint"], unique=False
    )
    op.create_index("ix_batch_rows_state", "batch_rows", ["batch", "state", "number"], unique=False)


def _make_batch_decisions() -> None:
    op.create_table(
        "batch_decisions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("batch", sa.String(length=32), nullable=False),
        sa.Column("submitter_person", sa.String(length=64), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("decided_by_person", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_at", instant, nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.CheckConstraint(
            "verdict = 'approved' OR reason IS NOT NULL",
            name=op.f("ck_batch_decisions_refused_with_reason"),
        ),
        sa.CheckConstraint(
            "verdict IN ('approved', 'refused')", name=op.f("ck_batch_decisions_verdict")
        ),
        sa.CheckConstraint(
            "decided_by_person <> submitter_person",
            name=op.f("ck_batch_decisions_not_by_submitter"),
        ),
        sa.ForeignKeyConstraint(
            ["batch", "submitter_person"],
            ["batches.id", "batches.submitter_person"],
            name=op.f("fk_batch_decisions_batch_submitter_person_batches"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by", "decided_by_person"],
            ["principals.id", "principals.person"],
            name=op.f("fk_batch_decisions_decided_by_decided_by_person_principals"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_decisions")),
        sa.UniqueConstraint(
            "batch", "decided_by_person", name=op.f("uq_batch_decisions_batch_decided_by_person")
        ),
    )
