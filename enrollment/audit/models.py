"""The table of officers' acts that have none of their own. Only ``enrollment.audit`` uses it."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, LargeBinary, String, Table, UniqueConstraint

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

office_acts = Table(
    "office_acts",
    metadata,
    Column("id", String(32), primary_key=True),  # of the form that asked for it
    Column("kind", String(32), nullable=False),  # the kind of its entry in the log
    Column("officer", String(64), ForeignKey("principals.id"), nullable=False),
    Column("institution", String(64)),  # the officer's then; NULL: the nation
    Column("document", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),
    UniqueConstraint("log_index"),
)
Index("ix_office_acts_officer", office_acts.c.officer, office_acts.c.log_index)
