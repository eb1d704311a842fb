"""The tables of the certification authorities. Only ``ca`` reads or writes them.

A row is not the thing: certificates themselves are the DER beside these columns. Instants are
UTC. Serial numbers are unique within an authority for ever, so rows are never deleted.
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
    UniqueConstraint,
)

from core.columns import BigIdentity, SerialNumber, UtcDateTime
from core.database import metadata

# A certification authority: one name and one key. Renewal adds a certificate to it; a new key
# makes a new authority of the same role.
authorities = Table(
    "authorities",
    metadata,
    Column("name", String(64), primary_key=True),  # people-1
    Column("role", String(64), nullable=False, index=True),  # people: what profiles ask for
    Column("parent", String(64), ForeignKey("authorities.name")),  # NULL: a root
    Column("subject_der", LargeBinary, nullable=False),
    Column("key_id", LargeBinary(32), nullable=False, unique=True),
    Column("state", String(16), nullable=False),  # active | retired | terminated
    Column("crl_shards", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("state IN ('active', 'retired', 'terminated')", name="state"),
)

# The certificates that an authority itself holds: by its parent, by itself, renewed, crossed.
authority_certificates = Table(
    "authority_certificates",
    metadata,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("authority", String(64), ForeignKey("authorities.name"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # root | issued | renewed | cross
    Column("not_after", UtcDateTime, nullable=False),
    Column("certificate_der", LargeBinary, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    CheckConstraint("kind IN ('root', 'issued', 'renewed', 'cross')", name="kind"),
)

# Every serial number ever reserved. ``reserved`` rows whose lease ran out without a stored
# certificate are abandoned and revoked; none is ever signed again.
certificates = Table(
    "certificates",
    metadata,
    Column("id", BigIdentity, primary_key=True, autoincrement=True),
    Column("authority", String(64), ForeignKey("authorities.name"), nullable=False),
    Column("serial_number", SerialNumber, nullable=False),
    Column("state", String(16), nullable=False),  # reserved | issued | abandoned | replayed
    Column("profile", String(64), nullable=False),
    Column("profile_version", Integer, nullable=False),
    Column("holder", String(128), nullable=False),  # natural key of the subject, from above
    # Whose officers answer for it, from above too; NULL: the nation's alone.
    Column("institution", String(64)),
    Column("reference", String(128)),  # what it was issued for: at most one that lives
    Column("public_key_sha256", LargeBinary(32), nullable=False, index=True),
    Column("tbs_sha256", LargeBinary(32), nullable=False),
    Column("not_before", UtcDateTime, nullable=False),
    Column("not_after", UtcDateTime, nullable=False),
    Column("crl_shard", Integer, nullable=False),
    Column("reserved_at", UtcDateTime, nullable=False),
    Column("lease_until", UtcDateTime),  # NULL once issued or abandoned
    Column("issued_at", UtcDateTime),
    Column("certificate_der", LargeBinary),  # NULL until signed and verified
    Column("certificate_sha256", LargeBinary(32)),  # known even where the DER was lost
    Column("log_index", BigIdentity),  # of the certificate-issued entry
    UniqueConstraint("authority", "serial_number"),
    CheckConstraint(
        "state IN ('reserved', 'issued', 'abandoned', 'replayed')",
        name="state",
    ),
    CheckConstraint("state <> 'issued' OR certificate_der IS NOT NULL", name="issued_has_der"),
)
Index("ix_certificates_holder", certificates.c.holder, certificates.c.id)
# What officers list by (ca.inquiry); each ends with the id, by which a list goes on.
Index("ix_certificates_institution", certificates.c.institution, certificates.c.id)
Index("ix_certificates_profile", certificates.c.profile, certificates.c.id)
Index("ix_certificates_not_after", certificates.c.not_after, certificates.c.id)
Index("ix_certificates_reserved_at", certificates.c.reserved_at, certificates.c.id)
Index(
    "uq_certificates_reference",
    certificates.c.reference,
    unique=True,
    sqlite_where=certificates.c.state != "abandoned",
    postgresql_where=certificates.c.state != "abandoned",
)
Index(
    "ix_certificates_reserved",
    certificates.c.lease_until,
    sqlite_where=certificates.c.state == "reserved",
    postgresql_where=certificates.c.state == "reserved",
)

# The present status of what is not good. ``released`` rows were on hold and are good again;
# they stay so that the next delta CRL can say removeFromCRL (RFC 5280, Section 5.3.1).
revocations = Table(
    "revocations",
    metadata,
    Column("authority", String(64), ForeignKey("authorities.name"), primary_key=True),
    Column("serial_number", SerialNumber, primary_key=True),
    Column("state", String(16), nullable=False),  # revoked | on-hold | released
    Column("reason", String(32), nullable=False),  # RFC 5280's word, keyCompromise
    Column("revoked_at", UtcDateTime, nullable=False),
    Column("invalidity_date", UtcDateTime),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("crl_shard", Integer, nullable=False),
    Column("not_after", UtcDateTime, nullable=False),
    Column("stays_after_expiry", Boolean, nullable=False),
    CheckConstraint("state IN ('revoked', 'on-hold', 'released')", name="state"),
)
Index(
    "ix_revocations_shard",
    revocations.c.authority,
    revocations.c.crl_shard,
    revocations.c.changed_at,
)

# Every CRL ever signed. Base and delta of a shard share one number sequence.
crls = Table(
    "crls",
    metadata,
    Column("authority", String(64), ForeignKey("authorities.name"), primary_key=True),
    Column("shard", Integer, primary_key=True),
    Column("number", BigIdentity, primary_key=True, autoincrement=False),
    Column("base_number", BigIdentity),  # NULL: a complete CRL; else a delta upon that base
    Column("this_update", UtcDateTime, nullable=False),
    Column("next_update", UtcDateTime, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
)

# The newest list of each kind, in parts: of a million entries, nobody holds the whole in memory.
crl_parts = Table(
    "crl_parts",
    metadata,
    Column("authority", String(64), primary_key=True),
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("number", BigIdentity, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),  # 0, 1, 2...
    Column("octets", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["authority", "shard", "number"], ["crls.authority", "crls.shard", "crls.number"]
    ),
)

# Keys that no certificate may carry again.
blocked_keys = Table(
    "blocked_keys",
    metadata,
    Column("public_key_sha256", LargeBinary(32), primary_key=True),
    Column("reason", String(64), nullable=False),
    Column("blocked_at", UtcDateTime, nullable=False),
)

# The finished steps of every ceremony, the unfinished ones' too; 0 is its opening. A row is
# written in the transaction that gives the step effect, so an interrupted ceremony goes on.
ceremony_steps = Table(
    "ceremony_steps",
    metadata,
    Column("ceremony", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("act", String(32), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("artefacts", JSON, nullable=False),  # path in the ceremony's folder: base64
    Column("log_index", BigIdentity, nullable=False),
)

# Ceremonies that were held, with their transcripts.
ceremonies = Table(
    "ceremonies",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("held_at", UtcDateTime, nullable=False),
    Column("script_sha256", LargeBinary(32), nullable=False),
    Column("transcript_sha256", LargeBinary(32), nullable=False),
    Column("transcript", JSON, nullable=False),
)
