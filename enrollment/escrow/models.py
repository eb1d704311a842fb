"""The tables of escrow. Only ``enrollment`` reads or writes them.

What may be escrowed and who may recover stands here, not only in the code that obeys it:

- nothing but mail-encryption keys has a row;
- a recovery is decided by another person than proposed it (the composite foreign keys allow no
  other person behind a name);
- its file goes to the officer who proposed it, its password to the one who decided.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata
from enrollment.institutions.models import institutions
from enrollment.models import principals

escrowed_keys = Table(
    "escrowed_keys",
    metadata,
    Column("id", String(32), primary_key=True),  # a UUID of version 7: sorts by time
    Column("holder", String(64), ForeignKey(principals.c.id), nullable=False),
    # Whose officers may recover it; none: those of the nation.
    Column("institution", String(64), ForeignKey(institutions.c.id)),
    Column("profile", String(64), nullable=False),
    Column("public_key_sha256", LargeBinary(32), nullable=False),
    Column("escrow_key_id", LargeBinary(32), nullable=False),  # hsm: whom it is encrypted to
    Column("envelope_der", LargeBinary),  # CMS; NULL once erased
    Column("consent", String(32), nullable=False),  # which text was agreed to
    Column("deposited_at", UtcDateTime, nullable=False),
    Column("erased_at", UtcDateTime),
    Column("erased_because", String(16)),  # withdrawn | unused | expired
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the key-escrowed entry
    UniqueConstraint("public_key_sha256", "holder"),
    CheckConstraint("profile = 'person-mail-encryption'", name="profile"),
    CheckConstraint("(envelope_der IS NULL) = (erased_at IS NOT NULL)", name="erased"),
    CheckConstraint("(erased_at IS NULL) = (erased_because IS NULL)", name="erased_because"),
)
Index("ix_escrowed_keys_holder", escrowed_keys.c.holder, escrowed_keys.c.id)

recoveries = Table(
    "escrow_recoveries",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("escrowed_key", String(32), ForeignKey("escrowed_keys.id"), nullable=False, index=True),
    Column("state", String(16), nullable=False),  # proposed | refused | approved
    Column("reason", Text, nullable=False),
    Column("proposed_by", String(64), nullable=False),
    Column("proposed_by_person", String(64), nullable=False),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("decided_by", String(64)),
    Column("decided_by_person", String(64)),
    Column("decided_at", UtcDateTime),
    Column("refusal", Text),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the escrow-recovery-proposed entry
    ForeignKeyConstraint(
        ["proposed_by", "proposed_by_person"],
        ["principals.id", "principals.person"],
        name="fk_escrow_recoveries_proposed_by_principals",
    ),
    ForeignKeyConstraint(
        ["decided_by", "decided_by_person"],
        ["principals.id", "principals.person"],
        name="fk_escrow_recoveries_decided_by_principals",
    ),
    UniqueConstraint("id", "proposed_by", name="uq_escrow_recoveries_proposed_by"),
    UniqueConstraint("id", "decided_by", name="uq_escrow_recoveries_decided_by"),
    CheckConstraint("state IN ('proposed', 'refused', 'approved')", name="state"),
    CheckConstraint("decided_by <> proposed_by", name="two_officers"),
    CheckConstraint("decided_by_person <> proposed_by_person", name="two_persons"),
    CheckConstraint("(state = 'proposed') = (decided_by IS NULL)", name="decided"),
    CheckConstraint("(decided_by IS NULL) = (decided_by_person IS NULL)", name="decided_by"),
    CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided_at"),
    CheckConstraint("(state = 'refused') = (refusal IS NOT NULL)", name="refused_with_reason"),
)

# Each time that a part of a recovery was handed over, and to whom.
handovers = Table(
    "escrow_handovers",
    metadata,
    Column("id", BigIdentity, primary_key=True, autoincrement=True),
    Column("recovery", String(32), nullable=False, index=True),
    Column("file_to", String(64)),
    Column("password_to", String(64)),
    Column("at", UtcDateTime, nullable=False),
    Column("log_index", BigIdentity, nullable=False),
    ForeignKeyConstraint(
        ["recovery", "file_to"],
        ["escrow_recoveries.id", "escrow_recoveries.proposed_by"],
        name="fk_escrow_handovers_file_to",
    ),
    ForeignKeyConstraint(
        ["recovery", "password_to"],
        ["escrow_recoveries.id", "escrow_recoveries.decided_by"],
        name="fk_escrow_handovers_password_to",
    ),
    CheckConstraint("(file_to IS NULL) <> (password_to IS NULL)", name="one_part"),
)

# What a holder was told, for the holder's page.
notices = Table(
    "escrow_notices",
    metadata,
    Column("id", BigIdentity, primary_key=True, autoincrement=True),
    Column("holder", String(64), ForeignKey(principals.c.id), nullable=False, index=True),
    Column("recovery", String(32), ForeignKey("escrow_recoveries.id"), nullable=False),
    Column("event", String(16), nullable=False),  # approved | file | password | damaged
    Column("at", UtcDateTime, nullable=False),
    CheckConstraint("event IN ('approved', 'file', 'password', 'damaged')", name="event"),
)
