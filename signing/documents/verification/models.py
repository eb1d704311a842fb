"""The tables of registered documents, their signatures, and what other platforms are told."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

registered_documents = Table(
    "registered_documents",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),  # random: whoever knows it sees the page
    Column("institution", String(64), nullable=False),
    Column("number", String(100), nullable=False),
    Column("title", Text, nullable=False),
    Column("subject", Text, nullable=False),
    # Title and subject are shown to everybody who has the address, or to nobody.
    Column("is_public", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
    Column("withdrawal_reason", Text),
    Column("salt", LargeBinary(32), nullable=False),
    CheckConstraint("state IN ('valid', 'withdrawn')", name="state"),
    CheckConstraint(
        "(state = 'withdrawn') = (withdrawn_at IS NOT NULL AND withdrawal_reason IS NOT NULL)",
        name="withdrawal",
    ),
)
Index(
    "ix_registered_documents_institution",
    registered_documents.c.institution,
    registered_documents.c.registered_at,
)

# One row for each signature: who, and what the file was after it.
registered_signatures = Table(
    "registered_signatures",
    metadata,
    Column("document", LargeBinary(16), ForeignKey(registered_documents.c.id), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),  # from 1
    Column("signer_km", Text, nullable=False),
    Column("signer_en", Text, nullable=False),
    Column("title_km", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("on_behalf_of_km", Text, nullable=False),
    Column("on_behalf_of_en", Text, nullable=False),
    Column("signed_at", UtcDateTime, nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),  # of the whole file with this signature
    Column("length", BigInteger, nullable=False),  # octets
    Column("log_index", BigIdentity, nullable=False),  # of the document-registered entry
    UniqueConstraint("document", "sha256"),
    CheckConstraint("position > 0", name="position"),
    CheckConstraint("length > 0", name="length"),
)

# What a platform is still to be told, or was: once for each signature.
document_announcements = Table(
    "document_announcements",
    metadata,
    Column("document", LargeBinary(16), ForeignKey(registered_documents.c.id), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("platform", String(32), primary_key=True),
    Column("state", String(16), nullable=False),  # waiting | taken | given-up
    Column("tries", Integer, nullable=False),
    Column("next_try_at", UtcDateTime),
    Column("status", Integer),  # what the platform answered last
    Column("problem", Text),  # or why it did not
    CheckConstraint("state IN ('waiting', 'taken', 'given-up')", name="state"),
    CheckConstraint("(state = 'waiting') = (next_try_at IS NOT NULL)", name="next_try"),
)
Index("ix_document_announcements_next_try_at", document_announcements.c.next_try_at)
