"""The tables of batches of documents, and of what was sealed."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

document_batches = Table(
    "document_batches",
    metadata,
    Column("id", String(32), primary_key=True),  # a UUID of version 7: sorts by time
    Column("submitter", String(64), nullable=False),
    Column("institution", String(64)),
    Column("seal", String(64), nullable=False),  # the name of the key
    Column("wishes", Text, nullable=False),  # JSON: how each document is signed
    Column("state", String(16), nullable=False),
    Column("documents", Integer, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the document-batch-opened entry
    CheckConstraint("state IN ('open', 'signing', 'done', 'cancelled')", name="state"),
    CheckConstraint("documents BETWEEN 1 AND 10000", name="documents"),
    CheckConstraint("(state IN ('done', 'cancelled')) = (finished_at IS NOT NULL)", name="end"),
)
Index("ix_document_batches_state", document_batches.c.state, document_batches.c.id)
Index("ix_document_batches_submitter", document_batches.c.submitter, document_batches.c.id)

# What stamps of a batch say: apart, since it may hold a picture.
document_batch_stamps = Table(
    "document_batch_stamps",
    metadata,
    Column("batch", String(32), ForeignKey(document_batches.c.id), primary_key=True),
    Column("stamp", Text, nullable=False),  # JSON: a StampOrder, whole
)

# What the stamp of one document says otherwise than its batch's.
batch_document_texts = Table(
    "batch_document_texts",
    metadata,
    Column("batch", String(32), ForeignKey(document_batch_stamps.c.batch), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("texts", Text, nullable=False),  # JSON: the members that were said, of StampTexts
)

batch_documents = Table(
    "batch_documents",
    metadata,
    Column("batch", String(32), ForeignKey(document_batches.c.id), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1
    Column("sha256", LargeBinary(32), nullable=False),  # of what was put up
    Column("octets", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    # Which worker has it, and until when.
    Column("worker", String(64)),
    Column("worker_until", UtcDateTime),
    Column("problem", String(64)),
    Column("detail", Text),
    # Of the result, once it is whole.
    Column("signed_sha256", LargeBinary(32)),
    Column("signed_at", UtcDateTime),
    Column("salt", LargeBinary(32)),
    Column("log_index", BigIdentity),  # of the document-sealed entry
    Column("registered", LargeBinary(16)),  # registered_documents.id, where it has a stamp
    CheckConstraint("state IN ('waiting', 'signed', 'refused', 'dropped')", name="state"),
    CheckConstraint("(state = 'refused') = (problem IS NOT NULL)", name="problem"),
    CheckConstraint("(state = 'signed') = (log_index IS NOT NULL)", name="signed"),
)
Index(
    "ix_batch_documents_state",
    batch_documents.c.batch,
    batch_documents.c.state,
    batch_documents.c.number,
)
