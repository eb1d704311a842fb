"""The tables of passkeys and of the questions that were put to them.

An officer's passkey counts once a second person confirmed it, and the tables say so: it is not
``active`` without a confirmation, and who confirms is another person than its holder.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Table,
)

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("principal", String(64), nullable=False),
    Column("person", String(64), nullable=False),
    Column("rp_id", String(253), nullable=False),
    # Web Authentication, Section 4: at most 1023 octets. Never given to another again.
    Column("credential_id", LargeBinary(1023), nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),  # COSE (RFC 9052)
    Column("sign_count", BigIdentity, nullable=False),
    Column("transports", JSON, nullable=False),
    Column("backed_up", Boolean, nullable=False),
    Column("name", String(64), nullable=False),
    Column("state", String(16), nullable=False),  # proposed | active | removed
    Column("is_officers", Boolean, nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime),
    Column("confirmed_by", String(64)),
    Column("confirmed_by_person", String(64)),
    Column("salt", LargeBinary(32), nullable=False),
    ForeignKeyConstraint(["principal", "person"], ["principals.id", "principals.person"]),
    ForeignKeyConstraint(
        ["confirmed_by", "confirmed_by_person"], ["principals.id", "principals.person"]
    ),
    CheckConstraint("state IN ('proposed', 'active', 'removed')", name="state"),
    CheckConstraint("confirmed_by_person <> person", name="not_by_holder"),
    CheckConstraint(
        "(confirmed_by IS NULL) = (confirmed_by_person IS NULL)", name="confirmed_by_a_person"
    ),
    CheckConstraint(
        "NOT is_officers OR state <> 'active' OR confirmed_by IS NOT NULL", name="confirmed"
    ),
)
Index("ix_passkeys_principal", passkeys.c.principal, passkeys.c.registered_at)
Index("ix_passkeys_state", passkeys.c.state, passkeys.c.registered_at)

# Questions that wait for their answer; answered, a row is gone.
challenges = Table(
    "passkey_challenges",
    metadata,
    Column("challenge", LargeBinary(32), primary_key=True),
    Column("nonce", LargeBinary(32), nullable=False),
    Column("purpose", String(16), nullable=False),  # register | sign-in | step-up
    Column("commits_to", LargeBinary(32), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    CheckConstraint("purpose IN ('register', 'sign-in', 'step-up')", name="purpose"),
)
