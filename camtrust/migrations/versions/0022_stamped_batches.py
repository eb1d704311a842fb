"""Stamps in batches of documents, and the pages of stamped documents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of stamps, and say what sealed documents are registered as."""
    op.create_table(
        "document_batch_stamps",
        sa.Column("batch", sa.String(length=32), nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch"],
            ["document_batches.id"],
            name=op.f("fk_document_batch_stamps_batch_document_batches"),
        ),
        sa.PrimaryKeyConstraint("batch", name=op.f("pk_document_batch_stamps")),
    )
    op.create_table(
        "batch_document_texts",
        sa.Column("batch", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("texts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch"],
            ["document_batch_stamps.batch"],
            name=op.f("fk_batch_document_texts_batch_document_batch_stamps"),
        ),
        sa.PrimaryKeyConstraint("batch", "number", name=op.f("pk_batch_document_texts")),
    )
    for table in ("batch_documents", "sealed_documents"):
        op.add_column(table, sa.Column("registered", sa.LargeBinary(length=16), nullable=True))
