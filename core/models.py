"""The tables of the ground: leases, and requests that may be sent again."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from core.columns import UtcDateTime
from core.database import metadata

# Who does a thing that one process at a time should do; a lease not renewed may be taken over.
leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(128), nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

# Requests that carried an Idempotency-Key, with the answer that was given.
idempotent_requests = Table(
    "idempotent_requests",
    metadata,
    Column("principal", String(64), primary_key=True),
    Column("key_sha256", LargeBinary(32), primary_key=True),
    Column("request_sha256", LargeBinary(32), nullable=False),
    # Given to the act, which stores it: an act that was repeated finds itself done.
    Column("act_id", String(32), nullable=False, unique=True),
    Column("state", String(16), nullable=False),  # running | answered
    Column("lease_until", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("status", Integer),
    Column("headers", JSON),
    Column("body", LargeBinary),
    CheckConstraint("state IN ('running', 'answered')", name="state"),
    CheckConstraint("state <> 'answered' OR body IS NOT NULL", name="answered_has_body"),
)
Index("ix_idempotent_requests_created_at", idempotent_requests.c.created_at)
