"""The tables of batches of passes."""

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
from signing.passes.issuing.models import passes

pass_batches = Table(
    "pass_batches",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("type", String(40), nullable=False),
    Column("form", String(8), nullable=False),
    Column("institution", String(64), nullable=False),
    Column("submitter", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    # Of the file that was put up.
    Column("sha256", LargeBinary(32)),
    Column("octets", BigInteger),
    Column("records", BigInteger),
    Column("header", Text),  # of CSV: its first line
    Column("detail", Text),  # why the file was refused
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the pass-batch-opened entry
    CheckConstraint(
        "state IN ('open', 'received', 'issuing', 'done', 'refused', 'cancelled')", name="state"
    ),
    CheckConstraint("form IN ('jsonl', 'csv')", name="form"),
    CheckConstraint("(state = 'refused') = (detail IS NOT NULL)", name="refused"),
    CheckConstraint(
        "(state IN ('done', 'refused', 'cancelled')) = (finished_at IS NOT NULL)", name="ended"
    ),
)
Index("ix_pass_batches_state", pass_batches.c.state, pass_batches.c.id)
Index("ix_pass_batches_institution", pass_batches.c.institution, pass_batches.c.id)

# Whole records between two octets of the file.
pass_batch_chunks = Table(
    "pass_batch_chunks",
    metadata,
    Column("batch", String(32), ForeignKey(pass_batches.c.id), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("first_row", BigInteger, nullable=False),  # from 1
    Column("begins", BigInteger, nullable=False),
    Column("octets", Integer, nullable=False),
    Column("state", String(8), nullable=False),
    # Which worker has it, and until when.
    Column("worker", String(64)),
    Column("worker_until", UtcDateTime),
    Column("issued", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    CheckConstraint("state IN ('waiting', 'done')", name="state"),
)
Index(
    "ix_pass_batch_chunks_state",
    pass_batch_chunks.c.batch,
    pass_batch_chunks.c.state,
    pass_batch_chunks.c.number,
)

pass_batch_passes = Table(
    "pass_batch_passes",
    metadata,
    Column("batch", String(32), ForeignKey(pass_batches.c.id), primary_key=True),
    Column("row", BigInteger, primary_key=True, autoincrement=False),
    Column("pass_id", String(32), ForeignKey(passes.c.id), nullable=False, unique=True),
)

pass_batch_rejects = Table(
    "pass_batch_rejects",
    metadata,
    Column("batch", String(32), ForeignKey(pass_batches.c.id), primary_key=True),
    Column("row", BigInteger, primary_key=True, autoincrement=False),
    Column("problem", String(64), nullable=False),
    Column("detail", Text, nullable=False),  # names members of the record, not what they hold
    Column("line", Text, nullable=False),  # the record as it came; erased with the file
)
