"""Registered documents, their signatures, and what other platforms are told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

instant = core.columns.UtcDateTime(timezone=True)
number = core.columns.BigIdentity


def upgrade() -> None:
    """Make the tables."""
    _make_documents()
    _make_signatures()
    _make_announcements()


def _make_documents() -> None:
    op.create_table(
        "registered_documents",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("registered_at", instant, nullable=False),
        sa.Column("withdrawn_at", instant, nullable=True),
        sa.Column("withdrawal_reason", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint(
            "state IN ('valid', 'withdrawn')", name=op.f("ck_registered_documents_state")
        ),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at IS NOT NULL AND withdrawal_reason IS NOT NULL)",
            name=op.f("ck_registered_documents_withdrawal"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registered_documents")),
    )
    op.create_index(
        "ix_registered_documents_institution",
        "registered_documents",
        ["institution", "registered_at"],
        unique=False,
    )


def _make_signatures() -> None:
    op.create_table(
        "registered_signatures",
        sa.Column("document", sa.LargeBinary(length=16), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("signer_km", sa.Text(), nullable=False),
        sa.Column("signer_en", sa.Text(), nullable=False),
        sa.Column("title_km", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("on_behalf_of_km", sa.Text(), nullable=False),
        sa.Column("on_behalf_of_en", sa.Text(), nullable=False),
        sa.Column("signed_at", instant, nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.CheckConstraint("position > 0", name=op.f("ck_registered_signatures_position")),
        sa.CheckConstraint("length > 0", name=op.f("ck_registered_signatures_length")),
        sa.ForeignKeyConstraint(
            ["document"],
            ["registered_documents.id"],
            name=op.f("fk_registered_signatures_document_registered_documents"),
        ),
        sa.PrimaryKeyConstraint("document", "position", name=op.f("pk_registered_signatures")),
        sa.UniqueConstraint(
            "document", "sha256", name=op.f("uq_registered_signatures_document_sha256")
        ),
    )


def _make_announcements() -> None:
    op.create_table(
        "document_announcements",
        sa.Column("document", sa.LargeBinary(length=16), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", instant, nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'taken', 'given-up')",
            name=op.f("ck_document_announcements_state"),
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (next_try_at IS NOT NULL)",
            name=op.f("ck_document_announcements_next_try"),
        ),
        sa.ForeignKeyConstraint(
            ["document"],
            ["registered_documents.id"],
            name=op.f("fk_document_announcements_document_registered_documents"),
        ),
        sa.PrimaryKeyConstraint(
            "document", "position", "platform", name=op.f("pk_document_announcements")
        ),
    )
    op.create_index(
        "ix_document_announcements_next_try_at",
        "document_announcements",
        ["next_try_at"],
        unique=False,
    )
