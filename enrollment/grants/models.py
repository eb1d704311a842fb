"""The tables of grants. The two-officer rule stands here as it does for applications.

A certificate counts once: a use is named by the grant and the request's reference, and no grant
has more counted uses than it allows.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from core.columns import BigIdentity, SerialNumber, UtcDateTime
from core.database import metadata
from enrollment.institutions.models import institutions

grants = Table(
    "grants",
    metadata,
    Column("id", String(32), primary_key=True),  # a UUID of version 7: sorts by time
    Column("proposed_by", String(64), ForeignKey("principals.id"), nullable=False),
    # Whose officers decide it; none: those of the nation.
    Column("institution", String(64), ForeignKey(institutions.c.id), index=True),
    Column("state", String(16), nullable=False),
    Column("protocol", String(8), nullable=False),
    Column("profile", String(64), nullable=False),
    Column("holder", String(128), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("dns_names", JSON, nullable=False),
    Column("preauthorized", JSON, nullable=False),
    Column("certificates_allowed", Integer, nullable=False),
    Column("certificates_used", Integer, nullable=False),
    # Its client is a registration authority: it has seen the proof of possession itself.
    Column("verifies_possession", Boolean, nullable=False, server_default=false()),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("approvals_needed", Integer, nullable=False),
    Column("approvals", Integer, nullable=False),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the grant-proposed entry
    UniqueConstraint("id", "proposed_by"),
    CheckConstraint("state IN ('proposed', 'active', 'refused', 'withdrawn')", name="state"),
    CheckConstraint("protocol IN ('acme', 'est', 'cmp')", name="protocol"),
    CheckConstraint("certificates_allowed > 0", name="certificates_allowed"),
    CheckConstraint(
        "certificates_used BETWEEN 0 AND certificates_allowed", name="certificates_used"
    ),
    CheckConstraint("approvals_needed BETWEEN 1 AND 2", name="approvals_needed"),
    CheckConstraint("approvals BETWEEN 0 AND approvals_needed", name="approvals"),
    CheckConstraint("state <> 'active' OR approvals = approvals_needed", name="active"),
)
Index("ix_grants_state", grants.c.state, grants.c.id)

grant_decisions = Table(
    "grant_decisions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("grant_id", String(32), nullable=False),
    Column("proposed_by", String(64), nullable=False),
    Column("decided_by", String(64), ForeignKey("principals.id"), nullable=False),
    Column("verdict", String(16), nullable=False),  # approved | refused
    Column("reason", Text),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the grant-decided entry
    ForeignKeyConstraint(["grant_id", "proposed_by"], ["grants.id", "grants.proposed_by"]),
    CheckConstraint("decided_by <> proposed_by", name="not_by_proposer"),
    UniqueConstraint("grant_id", "decided_by"),
    CheckConstraint("verdict IN ('approved', 'refused')", name="verdict"),
    CheckConstraint("verdict = 'approved' OR reason IS NOT NULL", name="refused_with_reason"),
)

# What was asked for within a grant; the certificate is noted once it exists.
grant_uses = Table(
    "grant_uses",
    metadata,
    Column("grant_id", String(32), ForeignKey("grants.id"), primary_key=True),
    Column("reference", String(64), primary_key=True),
    Column("counted", Boolean, nullable=False),  # a renewal is not
    Column("taken_at", UtcDateTime, nullable=False),
    Column("authority", String(64)),
    Column("serial_number", SerialNumber),
    UniqueConstraint("authority", "serial_number"),
    CheckConstraint("(authority IS NULL) = (serial_number IS NULL)", name="certificate"),
)
