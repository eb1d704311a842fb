"""The tables of passes. Only ``signing.passes`` reads or writes them.

The texts of codes hold what they say of a person; nothing else here does. They are erased with
the time of their pass.
"""

from __future__ import annotations

from sqlalchemy import (
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
    text,
)

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

pass_status_lists = Table(
    "pass_status_lists",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1
    Column("taken", Integer, nullable=False),  # places that processes took
    Column("key", LargeBinary(32), nullable=False),  # scatters places
    Column("version", Integer, nullable=False),  # counts changes of statuses in it
    CheckConstraint("taken > 0", name="taken"),
)

passes = Table(
    "passes",
    metadata,
    Column("id", String(32), primary_key=True),  # a UUID of version 7, or the act that made it
    Column("type", String(40), nullable=False),
    Column("institution", String(64), nullable=False),
    Column("issued_by", String(64), nullable=False),
    # The institution's own name of the record: one record has one pass of a type.
    Column("reference", String(80)),
    Column("certificate_id", String(80), nullable=False, unique=True),  # a UVCI
    Column("number", String(24), nullable=False, unique=True),  # in identity codes
    Column("issued_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("status_list", Integer, ForeignKey(pass_status_lists.c.number), nullable=False),
    Column("status_index", Integer, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("reason", String(200)),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the passes-issued entry
    UniqueConstraint("institution", "type", "reference"),
    UniqueConstraint("status_list", "status_index"),
    CheckConstraint("(revoked_at IS NULL) = (reason IS NULL)", name="revoked"),
)
Index("ix_passes_institution", passes.c.institution, passes.c.id)
Index("ix_passes_expires_at", passes.c.expires_at)
# A status list is made of its revoked places alone.
_REVOKED = text("revoked_at IS NOT NULL")
Index(
    "ix_passes_revoked",
    passes.c.status_list,
    passes.c.status_index,
    sqlite_where=_REVOKED,
    postgresql_where=_REVOKED,
)

pass_codes = Table(
    "pass_codes",
    metadata,
    Column("pass_id", String(32), ForeignKey(passes.c.id), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("text", Text, nullable=False),
    Column("key_id", LargeBinary(32), nullable=False),  # which of our keys signed it
)

pass_revocations = Table(
    "pass_revocations",
    metadata,
    Column("pass_id", String(32), ForeignKey(passes.c.id), primary_key=True),
    Column("revoked_by", String(64), nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the pass-revoked entry
)

# By which other countries know a revoked health certificate.
pass_revocation_hashes = Table(
    "pass_revocation_hashes",
    metadata,
    Column("pass_id", String(32), ForeignKey(passes.c.id), primary_key=True),
    Column("hash_type", String(16), primary_key=True),
    Column("hash", LargeBinary(16), primary_key=True),
    Column("signer_key_id", LargeBinary(8), nullable=False),  # the kid in the code
)
