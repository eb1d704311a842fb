"""The tables of sign-ins that are under way, and of those that were."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

# Browsers that were sent to the OpenID provider; come back, a row is gone.
openid_flows = Table(
    "openid_flows",
    metadata,
    Column("state_sha256", LargeBinary(32), primary_key=True),
    Column("browser_sha256", LargeBinary(32), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("code_verifier", String(128), nullable=False),
    Column("shared_computer", Boolean, nullable=False),
    Column("back", String(400), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

# Browsers that were sent to the officers' host, where a certificate can be presented.
handovers = Table(
    "certificate_handovers",
    metadata,
    Column("id_sha256", LargeBinary(32), primary_key=True),
    Column("browser_sha256", LargeBinary(32), nullable=False),
    Column("shared_computer", Boolean, nullable=False),
    Column("back", String(400), nullable=False),
    Column("principal", String(64), ForeignKey("principals.id")),
    Column("code_sha256", LargeBinary(32)),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    UniqueConstraint("code_sha256"),
    CheckConstraint("(principal IS NULL) = (code_sha256 IS NULL)", name="code_for_a_principal"),
)

# What a holder is shown of their sign-ins.
sign_in_events = Table(
    "sign_in_events",
    metadata,
    Column("number", BigIdentity, primary_key=True, autoincrement=True),
    Column("principal", String(64), ForeignKey("principals.id"), nullable=False),
    Column("method", String(16), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    CheckConstraint("outcome IN ('signed-in', 'copied-passkey')", name="outcome"),
)
Index("ix_sign_in_events_principal", sign_in_events.c.principal, sign_in_events.c.number)
