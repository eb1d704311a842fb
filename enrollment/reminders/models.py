"""The table of reminders: how far each round came."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

# For each number of days before the end: the certificate that was looked at last, in the order of
# ends. Each certificate is looked at once a round.
reminder_rounds = Table(
    "reminder_rounds",
    metadata,
    Column("days", Integer, primary_key=True, autoincrement=False),
    Column("not_after", UtcDateTime, nullable=False),
    Column("number", BigIdentity, nullable=False),
)
