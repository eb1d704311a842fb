"""The tables of keys. Only ``hsm`` reads or writes them.

No private key stands here unwrapped: ``wrapped_keys.blob`` is AES-KWP under a key-encryption
key that its token lets WRAP and UNWRAP and nothing else.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    Text,
)

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

STATES = "('pre-active', 'active', 'suspended', 'deactivated', 'compromised', 'destroyed')"

# Every key ever made, destroyed ones too: rows are never deleted.
keys = Table(
    "keys",
    metadata,
    Column("id", BigIdentity, primary_key=True, autoincrement=True),
    Column("key_id", LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the SPKI
    Column("token", String(32), nullable=False, index=True),
    Column("label", String(128), nullable=False),
    Column("algorithm", String(16), nullable=False),
    Column("public_key_der", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("may_be_wrapped", Boolean, nullable=False),
    Column("kept_in", String(8), nullable=False),  # token | database: where the private key lies
    Column("created_at", UtcDateTime, nullable=False),
    # How it was made: recorded now, because an unwrapped key's LOCAL, ALWAYS_SENSITIVE and
    # NEVER_EXTRACTABLE are False whatever its history.
    Column("provenance", JSON, nullable=False),
    Column("erased_at", UtcDateTime),  # NULL while the private key may still exist
    CheckConstraint(f"state IN {STATES}", name="state"),
    CheckConstraint("kept_in IN ('token', 'database')", name="kept_in"),
)

# Every change of a key's state, with its reason.
key_state_changes = Table(
    "key_state_changes",
    metadata,
    Column("id", BigIdentity, primary_key=True, autoincrement=True),
    Column("key_id", LargeBinary(32), ForeignKey("keys.key_id"), nullable=False, index=True),
    Column("before", String(16)),  # NULL: the key was made
    Column("after", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    CheckConstraint(f"after IN {STATES}", name="after"),
)

# One key in each token whose only use is to sign for the health check.
canaries = Table(
    "canaries",
    metadata,
    Column("token", String(32), primary_key=True),
    Column("key_id", LargeBinary(32), nullable=False),
    Column("public_key_der", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# The AES keys under which others are wrapped; the newest active one of a token is used.
key_encryption_keys = Table(
    "key_encryption_keys",
    metadata,
    Column("kek_id", LargeBinary(32), primary_key=True),  # random; the CKA_ID
    Column("token", String(32), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
)

wrapped_keys = Table(
    "wrapped_keys",
    metadata,
    Column("key_id", LargeBinary(32), ForeignKey("keys.key_id"), primary_key=True),
    Column("kek_id", LargeBinary(32), ForeignKey("key_encryption_keys.kek_id"), nullable=False),
    Column("mechanism", String(32), nullable=False),
    Column("blob", LargeBinary, nullable=False),
    Column("wrapped_at", UtcDateTime, nullable=False),
)

# The secret keys with which a token computes MACs; each has a name, and there is one of it.
mac_keys = Table(
    "mac_keys",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("mac_key_id", LargeBinary(32), nullable=False, unique=True),  # random; the CKA_ID
    Column("token", String(32), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# The key pairs that agree on secrets; the newest of a name is used for what is new, the older ones
# for what was made for them.
agreement_keys = Table(
    "agreement_keys",
    metadata,
    Column("key_id", LargeBinary(32), primary_key=True),  # SHA-256 of the SPKI; the CKA_ID
    Column("name", String(64), nullable=False, index=True),
    Column("token", String(32), nullable=False),
    Column("public_key_der", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
