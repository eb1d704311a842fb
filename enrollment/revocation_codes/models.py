"""The table of revocation codes. Only ``enrollment`` reads or writes it.

Each certificate has one code at a time. The code itself stands nowhere.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Integer, LargeBinary, String, Table

from core.columns import BigIdentity, SerialNumber, UtcDateTime
from core.database import metadata

revocation_codes = Table(
    "revocation_codes",
    metadata,
    Column("authority", String(64), primary_key=True),
    Column("serial_number", SerialNumber, primary_key=True),
    Column("code_sha256", LargeBinary(32), nullable=False, unique=True),
    Column("made", Integer, nullable=False),  # how often: a lost code is replaced
    Column("made_at", UtcDateTime, nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the revocation-code-made entry
    CheckConstraint("made > 0", name="made"),
)
