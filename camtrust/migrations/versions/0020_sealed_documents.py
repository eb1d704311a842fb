"""Documents that were sealed for programs, at once and in batches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

instant = core.columns.UtcDateTime(timezone=True)
identity = core.columns.BigIdentity


def upgrade() -> None:
    """Make the tables."""
    _make_sealed()
    _make_batches()
    _make_documents()


def _make_sealed() -> None:
    op.create_table(
        "sealed_documents",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("submitter", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=True),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_at", instant, nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", identity, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_documents")),
    )
    op.create_index("ix_sealed_documents_sha256", "sealed_documents", ["sha256"])


def _make_batches() -> None:
    op.create_table(
        "document_batches",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("submitter", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=True),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("wishes", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("opened_at", instant, nullable=False),
        sa.Column("finished_at", instant, nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", identity, nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'signing', 'done', 'cancelled')",
            name=op.f("ck_document_batches_state"),
        ),
        sa.CheckConstraint(
            "documents BETWEEN 1 AND 10000", name=op.f("ck_document_batches_documents")
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'cancelled')) = (finished_at IS NOT NULL)",
            name=op.f("ck_document_batches_end"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_batches")),
    )
    op.create_index("ix_document_batches_state", "document_batches", ["state", "id"])
    op.create_index("ix_document_batches_submitter", "document_batches", ["submitter", "id"])


def _make_documents() -> None:
    op.create_table(
        "batch_documents",
        sa.Column("batch", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=True),
        sa.Column("worker_until", instant, nullable=True),
        sa.Column("problem", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("signed_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("signed_at", instant, nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=True),
        sa.Column("log_index", identity, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'signed', 'refused', 'dropped')",
            name=op.f("ck_batch_documents_state"),
        ),
        sa.CheckConstraint(
            "(state = 'refused') = (problem IS NOT NULL)", name=op.f("ck_batch_documents_problem")
        ),
        sa.CheckConstraint(
            "(state = 'signed') = (log_index IS NOT NULL)", name=op.f("ck_batch_documents_signed")
        ),
        sa.ForeignKeyConstraint(
            ["batch"],
            ["document_batches.id"],
            name=op.f("fk_batch_documents_batch_document_batches"),
        ),
        sa.PrimaryKeyConstraint("batch", "number", name=op.f("pk_batch_documents")),
    )
    op.create_index("ix_batch_documents_state", "batch_documents", ["batch", "state", "number"])
