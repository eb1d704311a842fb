"""The table of stamp templates: a row for each version."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Integer, LargeBinary, String, Table, Text

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

stamp_templates = Table(
    "stamp_templates",
    metadata,
    Column("institution", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),  # from 1
    Column("act_id", String(32), nullable=False, unique=True),
    Column("look", Text, nullable=False),  # JSON: place, and a picture in base64
    Column("stored_by", String(64), nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),  # of the newest version: the name has no template any more
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the stamp-template-stored entry
    CheckConstraint("version > 0", name="version"),
)
