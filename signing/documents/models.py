"""The table of what was sealed at once, for programs."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, String, Table

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

sealed_documents = Table(
    "sealed_documents",
    metadata,
    Column("id", String(32), primary_key=True),  # of the act
    Column("submitter", String(64), nullable=False),
    Column("institution", String(64)),
    Column("seal", String(64), nullable=False),
    Column("level", String(8), nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),  # of the signed document
    Column("sealed_at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the document-sealed entry
    Column("registered", LargeBinary(16)),  # registered_documents.id, where it has a stamp
)
Index("ix_sealed_documents_sha256", sealed_documents.c.sha256)
