"""What officers confirmed by passkey: evidence that can be checked again."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

# The question was SHA-256("step-up" 00 nonce SHA-256(principal, act)); signature and public key
# (of the passkey) are Web Authentication's.
step_ups = Table(
    "step_ups",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("principal", String(64), ForeignKey("principals.id"), nullable=False, index=True),
    Column("passkey", String(32), ForeignKey("passkeys.id"), nullable=False),
    Column("act", LargeBinary, nullable=False),  # canonical JSON: path and content
    Column("nonce", LargeBinary(32), nullable=False),
    Column("client_data", LargeBinary, nullable=False),
    Column("authenticator_data", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("confirmed_at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),
)
