"""The table of objections. Only ``enrollment`` reads or writes it."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
)

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

objections = Table(
    "objections",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person", String(64), ForeignKey("principals.id"), nullable=False),
    Column("institution", String(64), ForeignKey("institutions.id"), nullable=False),
    Column("about", String(16), nullable=False),  # see objection.About
    Column("application", String(32)),  # that it is about
    Column("text", Text, nullable=False),
    Column("document_number", String(40)),
    Column("state", String(16), nullable=False),  # open | answered
    Column("raised_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("overdue_at", UtcDateTime),  # when it was marked as late
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the objection-raised entry
    Column("outcome", String(16)),  # accepted | rejected
    Column("answer", Text),
    Column("answered_by", String(64)),
    Column("answered_by_person", String(64)),
    Column("answered_at", UtcDateTime),
    CheckConstraint(
        "about IN ('listed-data', 'identity-check', 'refusal', 'suspension', 'certificate')",
        name="about",
    ),
    CheckConstraint("state IN ('open', 'answered')", name="state"),
    CheckConstraint("outcome IN ('accepted', 'rejected')", name="outcome"),
    CheckConstraint(
        "(state = 'answered') = (outcome IS NOT NULL AND answer IS NOT NULL"
        " AND answered_by IS NOT NULL AND answered_at IS NOT NULL)",
        name="answered",
    ),
    ForeignKeyConstraint(
        ["answered_by", "answered_by_person"], ["principals.id", "principals.person"]
    ),
    CheckConstraint("(answered_by IS NULL) = (answered_by_person IS NULL)", name="answered_by"),
    # Nobody answers themselves, in no other role either.
    CheckConstraint("answered_by_person <> person", name="not_by_objector"),
)
Index("ix_objections_person", objections.c.person, objections.c.id)
Index("ix_objections_open", objections.c.institution, objections.c.state, objections.c.due_at)
