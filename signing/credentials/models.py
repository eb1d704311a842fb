"""The tables of signing keys, and of what they were authorized to sign.

No private key stands here that this database and the HSM together could open: ``sealed_key`` is
AES-KWP under a key of the HSM, inside AES-GCM under a key that only the signer's PIN (or, in an
authorization, its bearer's secret) and the HSM together give.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    text,
)

from core.columns import BigIdentity, SerialNumber, UtcDateTime
from core.database import metadata

# Rows are never deleted: a destroyed key's row says that it was.
signing_credentials = Table(
    "signing_credentials",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("holder_kind", String(16), nullable=False),  # person | organization
    Column("holder", String(64), nullable=False),
    Column("label", String(100), nullable=False),
    Column("algorithm", String(16), nullable=False),
    Column("key_id", LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the SPKI
    Column("public_key_der", LargeBinary, nullable=False),
    Column("provenance", JSON, nullable=False),  # how the key was made, as its token said then
    Column("token", String(32), nullable=False),
    Column("kek_id", LargeBinary(32), nullable=False),
    Column("mechanism", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("sealed_key", LargeBinary),  # NULL: destroyed
    Column("pin_salt", LargeBinary(32), nullable=False),
    Column("pin_memory_kibibytes", Integer, nullable=False),
    Column("pin_passes", Integer, nullable=False),
    Column("pin_lanes", Integer, nullable=False),
    Column("pin_set_at", UtcDateTime, nullable=False),
    Column("wrong_pins", Integer, nullable=False),  # since the last right one
    Column("pins_on_trial", Integer, nullable=False),  # counted, and not judged yet
    Column("pin_tried_at", UtcDateTime),
    Column("own_unlockings", Integer, nullable=False),  # by the holder, since the last right PIN
    # The certificate, by its natural key.
    Column("authority", String(64)),
    Column("serial_number", SerialNumber),
    Column("made_at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the signing-key-made entry
    CheckConstraint("holder_kind IN ('person', 'organization')", name="holder_kind"),
    CheckConstraint("state IN ('active', 'suspended', 'locked', 'destroyed')", name="state"),
    CheckConstraint("(state = 'destroyed') = (sealed_key IS NULL)", name="destroyed"),
    CheckConstraint("(authority IS NULL) = (serial_number IS NULL)", name="certificate"),
    CheckConstraint("wrong_pins >= 0 AND pins_on_trial >= 0", name="wrong_pins"),
)
Index(
    "ix_signing_credentials_holder",
    signing_credentials.c.holder_kind,
    signing_credentials.c.holder,
    signing_credentials.c.id,
)

# One for each time that a signer's PIN and second factor opened a key. ``sealed_key`` is there
# while it may still be used.
signature_activations = Table(
    "signature_activations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column(
        "credential",
        String(32),
        ForeignKey("signing_credentials.id"),
        nullable=False,
        index=True,
    ),
    Column("client", String(64)),  # the program that may use it; NULL: our own pages
    # RFC 8705, Section 3: of no use without this certificate, where it is bound to one.
    Column("certificate_sha256", LargeBinary(32)),
    Column("digest_algorithm", String(16), nullable=False),
    Column("secret_sha256", LargeBinary(32), nullable=False),
    Column("sealed_key", LargeBinary),
    Column("evidence", JSON, nullable=False),  # what the second factor proved
    Column("authorized_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the signatures-authorized entry
)
_OPEN = text("sealed_key IS NOT NULL")
Index(
    "ix_signature_activations_open",
    signature_activations.c.expires_at,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)

# The hashes that were authorized. One is taken before it is signed, and never given back.
activation_hashes = Table(
    "activation_hashes",
    metadata,
    Column("activation", String(32), ForeignKey("signature_activations.id"), primary_key=True),
    Column("hash", LargeBinary(64), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("taken_at", UtcDateTime),
    Column("signed_at", UtcDateTime),
    CheckConstraint("signed_at IS NULL OR taken_at IS NOT NULL", name="taken_before_signed"),
)
