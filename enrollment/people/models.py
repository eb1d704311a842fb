"""The tables of natural persons, their identifiers and their places of service."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from core.columns import UtcDateTime
from core.database import metadata
from enrollment.institutions.models import institutions

people = Table(
    "people",
    metadata,
    Column("id", String(32), primary_key=True),  # a UUID of version 7; it says nothing of them
    Column("surname_km", Text),
    Column("given_name_km", Text),
    Column("surname_latin", Text),
    Column("given_name_latin", Text),
    Column("sex", String(1)),
    Column("date_of_birth", String(10)),  # YYYY, YYYY-MM or YYYY-MM-DD: as precise as it is known
    Column("nationality", String(2)),  # ISO 3166-1 alpha-2
    Column("added_at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    CheckConstraint(
        "COALESCE(surname_km, given_name_km, surname_latin, given_name_latin) IS NOT NULL",
        name="has_a_name",
    ),
    CheckConstraint("sex IN ('F', 'M', 'X')", name="sex"),
)

person_identifiers = Table(
    "person_identifiers",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("country", String(2), primary_key=True),
    Column("number", String(32), primary_key=True),
    Column("person", String(32), ForeignKey("people.id"), nullable=False, index=True),
    Column("valid_from", Date),
    Column("valid_until", Date),
    CheckConstraint("kind IN ('national-id', 'passport', 'residence-card')", name="kind"),
)

employments = Table(
    "employments",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("institution", String(64), ForeignKey(institutions.c.id), nullable=False),
    Column("person", String(32), ForeignKey("people.id"), nullable=False, index=True),
    Column("staff_number", String(64)),
    Column("unit", Text),
    Column("title_km", Text),
    Column("title_latin", Text),
    Column("official_mail", String(254), index=True),  # RFC 5321, Section 4.5.3.1.3
    Column("state", String(16), nullable=False),
    Column("listed_at", UtcDateTime, nullable=False),
    Column("left_at", UtcDateTime),
    UniqueConstraint("institution", "person"),
    UniqueConstraint("institution", "staff_number"),
    CheckConstraint("state IN ('listed', 'left')", name="state"),
    CheckConstraint("(state = 'left') = (left_at IS NOT NULL)", name="left_since"),
)
Index("ix_employments_institution", employments.c.institution, employments.c.state)
