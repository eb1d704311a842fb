"""The table of signing ahead. Only ``ocsp`` reads or writes it."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table

from core.columns import SerialNumber, UtcDateTime
from core.database import metadata

# A part of an authority's serial numbers, (lower, upper], whose answers in one store are signed
# again together. ``wanted`` counts the reasons to look for missing answers before the range is
# due, ``mended`` those that were seen to. The columns from ``holder`` on describe a walk that is
# under way or was interrupted.
signing_ranges = Table(
    "signing_ranges",
    metadata,
    Column("store_id", String(32), primary_key=True),
    Column("authority", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("lower", SerialNumber, nullable=False),
    Column("upper", SerialNumber, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("mended", Integer, nullable=False),
    Column("signed_since", UtcDateTime),  # no answer is older; NULL: not all are signed yet
    Column("holds_until", UtcDateTime),  # the earliest nextUpdate; NULL: there is no answer
    Column("holder", String(128)),
    Column("lease_until", UtcDateTime),
    Column("started_at", UtcDateTime),
    Column("progress", SerialNumber),
    Column("is_full", Boolean),
    Column("serving", Integer),
    Column("walk_holds_until", UtcDateTime),
)
Index("ix_signing_ranges_due", signing_ranges.c.store_id, signing_ranges.c.due_at)
