"""The tables of API clients. That two officers stand behind some of them is a constraint here."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
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
)

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

# A client is a principal of role service: what it applies for names it as the applicant. Whether
# it may sign in now stands there; whether it was ever approved, here.
api_clients = Table(
    "api_clients",
    metadata,
    Column("id", String(64), ForeignKey("principals.id"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("auth_method", String(32), nullable=False),  # private_key_jwt | tls_client_auth
    Column("scopes", JSON, nullable=False),
    Column("state", String(16), nullable=False),  # proposed | approved | refused
    Column("approvals_needed", Integer, nullable=False),  # beside the officer who registered it
    Column("registered_by", String(64), nullable=False),
    Column("registered_by_person", String(64), nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("decided_by", String(64)),
    Column("decided_by_person", String(64)),
    Column("decided_at", UtcDateTime),
    Column("reason", Text),  # of a refusal
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the client-registered entry
    Column("tokens_issued", BigInteger, nullable=False),
    Column("last_token_at", UtcDateTime),
    ForeignKeyConstraint(
        ["registered_by", "registered_by_person"], ["principals.id", "principals.person"]
    ),
    ForeignKeyConstraint(
        ["decided_by", "decided_by_person"], ["principals.id", "principals.person"]
    ),
    CheckConstraint("auth_method IN ('private_key_jwt', 'tls_client_auth')", name="auth_method"),
    CheckConstraint("state IN ('proposed', 'approved', 'refused')", name="state"),
    CheckConstraint("approvals_needed BETWEEN 0 AND 1", name="approvals_needed"),
    CheckConstraint("decided_by_person <> registered_by_person", name="not_by_registrar"),
    CheckConstraint(
        "state <> 'approved' OR approvals_needed = 0 OR decided_by_person IS NOT NULL",
        name="approved",
    ),
    CheckConstraint("(state = 'refused') = (reason IS NOT NULL)", name="refused_with_reason"),
)

# A key belongs to one client for ever, also after it was taken out of use.
api_client_keys = Table(
    "api_client_keys",
    metadata,
    Column("thumbprint", String(43), primary_key=True),  # RFC 7638, SHA-256, in base64url
    Column("client", String(64), ForeignKey("api_clients.id"), nullable=False, index=True),
    Column("jwk", JSON, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
)

# RFC 7523, Section 3, (7): an assertion is taken once. The row of one that is over may go.
spent_assertions = Table(
    "spent_assertions",
    metadata,
    Column("client", String(64), ForeignKey("api_clients.id"), primary_key=True),
    Column("jti_sha256", LargeBinary(32), primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

# A token is known by its digest alone: who reads this table can use none.
access_tokens = Table(
    "access_tokens",
    metadata,
    Column("token_sha256", LargeBinary(32), primary_key=True),
    Column("client", String(64), ForeignKey("api_clients.id"), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("certificate_sha256", LargeBinary(32)),  # RFC 8705, Section 3: bound to it
    Column("issued_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)
Index("ix_access_tokens_client", access_tokens.c.client, access_tokens.c.issued_at)
