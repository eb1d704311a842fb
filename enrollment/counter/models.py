"""The table of visits at a counter."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, String, Table

from core.columns import UtcDateTime
from core.database import metadata

# A person was identified before an officer, who may serve them until it ends.
counter_visits = Table(
    "counter_visits",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("officer", String(64), ForeignKey("principals.id"), nullable=False, index=True),
    Column("person", String(32), ForeignKey("people.id"), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    CheckConstraint("opened_at < ends_at", name="ends"),
)
