"""The table of suspensions that holders asked for. Only ``enrollment`` reads or writes it.

Whether a certificate is on hold is the register's to say; here stands which holds a holder may
take back. A hold of an officer has no row here.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, String, Table

from core.columns import SerialNumber, UtcDateTime
from core.database import metadata

suspensions = Table(
    "suspensions",
    metadata,
    Column("authority", String(64), primary_key=True),
    Column("serial_number", SerialNumber, primary_key=True),
    Column("held_at", UtcDateTime, primary_key=True),  # as the register has it
    Column("asked_by", String(16), nullable=False),  # holder | code
    CheckConstraint("asked_by IN ('holder', 'code')", name="asked_by"),
)
