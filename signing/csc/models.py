"""The tables of the CSC API: where programs come back to, what is asked and given."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, LargeBinary, String, Table, Text

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

# RFC 9700, Section 2.1: an address to come back to is known beforehand, and compared exactly.
csc_return_addresses = Table(
    "csc_return_addresses",
    metadata,
    Column("client", String(64), primary_key=True),
    Column("address", String(400), primary_key=True),
    Column("registered_by", String(64), nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),
)

# What a program asks a signer, until the signer decides, or for minutes.
csc_requests = Table(
    "csc_requests",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("client", String(64), nullable=False, index=True),
    Column("person", String(64), index=True),  # who has opened it, signed in; NULL: nobody yet
    Column("address", String(400), nullable=False),
    Column("state", Text),
    Column("code_challenge", String(43), nullable=False),
    Column("scope", String(16), nullable=False),  # service | credential
    Column("credential", String(32)),
    Column("digest_algorithm", String(16)),
    Column("hashes", JSON, nullable=False),  # in hex, in their order
    Column("labels", JSON, nullable=False),  # what the program calls the documents
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

# What a signer gave, for the program to fetch once. The SAD is sealed under the code, which the
# signer's browser alone carries: the table authorizes nothing.
csc_codes = Table(
    "csc_codes",
    metadata,
    Column("code_sha256", LargeBinary(32), primary_key=True),
    Column("client", String(64), nullable=False),
    Column("address", String(400), nullable=False),
    Column("code_challenge", String(43), nullable=False),
    Column("scope", String(16), nullable=False),
    Column("person", String(64), nullable=False),
    Column("credential", String(32), ForeignKey("signing_credentials.id")),
    Column("sealed_sad", LargeBinary),
    Column("sad_expires_at", UtcDateTime),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

# Access tokens by which a program sees one person's keys.
csc_tokens = Table(
    "csc_tokens",
    metadata,
    Column("token_sha256", LargeBinary(32), primary_key=True),
    Column("client", String(64), nullable=False),
    Column("person", String(64), nullable=False, index=True),
    Column("certificate_sha256", LargeBinary(32)),  # RFC 8705, Section 3: bound to it
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)
