"""The table of serial numbers. Only ``signing`` reads or writes it."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, String, Table

from core.columns import UtcDateTime
from core.database import metadata

# How many blocks of serial numbers were ever handed to processes, for each authority.
time_stamp_blocks = Table(
    "time_stamp_blocks",
    metadata,
    Column("authority", String(32), primary_key=True),
    Column("taken", BigInteger, nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    CheckConstraint("taken > 0", name="taken"),
)
