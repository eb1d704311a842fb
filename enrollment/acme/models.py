"""The tables of ACME: accounts, orders, authorizations, challenges, and nonces that were used.

An order's wire state ``ready`` is not stored: it follows from its authorizations, so that a
validation changes one row and two processes cannot disagree.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from core.columns import SerialNumber, UtcDateTime
from core.database import metadata

accounts = Table(
    "acme_accounts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("state", String(16), nullable=False),  # valid | deactivated
    Column("grant_id", String(32), nullable=False, index=True),
    Column("jwk", JSON, nullable=False),
    # RFC 7638 with SHA-256: one account a key, and one key an account.
    Column("thumbprint", LargeBinary(32), nullable=False, unique=True),
    Column("contacts", JSON, nullable=False),
    Column("terms_agreed", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("state IN ('valid', 'deactivated')", name="state"),
)

authorizations = Table(
    "acme_authorizations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", String(32), ForeignKey("acme_accounts.id"), nullable=False),
    Column("dns_name", String(253), nullable=False),
    Column("state", String(16), nullable=False),  # pending | valid | invalid | deactivated
    Column("method", String(16)),  # by which it became valid
    Column("expires_at", UtcDateTime, nullable=False),
    CheckConstraint("state IN ('pending', 'valid', 'invalid', 'deactivated')", name="state"),
    CheckConstraint("state <> 'valid' OR method IS NOT NULL", name="valid_by_a_method"),
)
Index("ix_acme_authorizations_account", authorizations.c.account, authorizations.c.dns_name)

challenges = Table(
    "acme_challenges",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("authorization", String(32), ForeignKey("acme_authorizations.id"), nullable=False),
    Column("kind", String(16), nullable=False),  # http-01 | dns-01
    Column("token", String(64), nullable=False),
    Column("state", String(16), nullable=False),  # pending | processing | valid | invalid
    Column("key_authorization", String(128)),  # fixed when the client answers
    Column("taken_until", UtcDateTime),  # somebody validates it until then, or died
    Column("validated_at", UtcDateTime),
    Column("error", JSON),
    UniqueConstraint("authorization", "kind"),
    CheckConstraint("state IN ('pending', 'processing', 'valid', 'invalid')", name="state"),
    CheckConstraint(
        "state <> 'processing' OR (key_authorization IS NOT NULL AND taken_until IS NOT NULL)",
        name="processing",
    ),
)
Index("ix_acme_challenges_state", challenges.c.state, challenges.c.taken_until)

orders = Table(
    "acme_orders",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", String(32), ForeignKey("acme_accounts.id"), nullable=False),
    Column("grant_id", String(32), nullable=False),
    Column("state", String(16), nullable=False),  # pending | processing | valid | invalid
    Column("profile", String(64), nullable=False),
    Column("dns_names", JSON, nullable=False),
    Column("names_sha256", LargeBinary(32), nullable=False),
    Column("replaces", String(128)),  # RFC 9773, Section 5: a certificate's identifier
    Column("renews", Boolean, nullable=False),
    Column("not_after", UtcDateTime),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("csr_der", LargeBinary),
    Column("taken_until", UtcDateTime),  # somebody issues it until then, or died
    Column("error", JSON),
    Column("authority", String(64)),
    Column("serial_number", SerialNumber),
    UniqueConstraint("authority", "serial_number"),
    CheckConstraint("state IN ('pending', 'processing', 'valid', 'invalid')", name="state"),
    CheckConstraint("(state = 'valid') = (serial_number IS NOT NULL)", name="issued"),
    CheckConstraint(
        "state <> 'processing' OR (csr_der IS NOT NULL AND taken_until IS NOT NULL)",
        name="processing",
    ),
)
Index("ix_acme_orders_account", orders.c.account, orders.c.id)
Index("ix_acme_orders_state", orders.c.state, orders.c.taken_until)
Index("ix_acme_orders_names", orders.c.grant_id, orders.c.names_sha256)
Index("ix_acme_orders_replaces", orders.c.replaces)

order_authorizations = Table(
    "acme_order_authorizations",
    metadata,
    Column("order", String(32), ForeignKey("acme_orders.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column(
        "authorization",
        String(32),
        ForeignKey("acme_authorizations.id"),
        nullable=False,
        index=True,
    ),
)

# One row: the key of the nonces' MAC, the same for all processes.
nonce_keys = Table(
    "acme_nonce_keys",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("key", LargeBinary(32), nullable=False),
    CheckConstraint("number = 1", name="only_one"),
)

# The random part of every nonce that was used, until the nonce would have run out by itself.
spent_nonces = Table(
    "acme_spent_nonces",
    metadata,
    Column("nonce", LargeBinary(12), primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)
