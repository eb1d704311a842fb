"""The table of sessions."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, LargeBinary, String, Table

from core.columns import UtcDateTime
from core.database import metadata

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", LargeBinary(32), primary_key=True),
    Column("principal", String(64), ForeignKey("principals.id"), nullable=False, index=True),
    Column("method", String(16), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False, index=True),
    Column("shared_computer", Boolean, nullable=False),
    CheckConstraint(
        "method IN ('passkey', 'oidc', 'certificate', 'invitation', 'slip')", name="method"
    ),
)
