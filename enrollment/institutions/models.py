"""The table of institutions."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, Column, LargeBinary, String, Table, Text

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

institutions = Table(
    "institutions",
    metadata,
    Column("id", String(64), primary_key=True),  # a short name such as "moh"
    Column("kind", String(16), nullable=False),
    Column("name_km", Text, nullable=False),
    Column("name_latin", Text, nullable=False),
    # ETSI EN 319 412-1, Section 5.1.4: NTRKH- or VATKH- and the number.
    Column("registration_identifier", String(64), unique=True),
    Column("mail_domains", JSON, nullable=False),
    # As a member of CamDX: X-Road's class and code.
    Column("member_class", String(16)),
    Column("member_code", String(64)),
    Column("state", String(16), nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the institution-registered entry
    CheckConstraint("kind IN ('ministry', 'administration', 'company')", name="kind"),
    CheckConstraint("state IN ('active', 'suspended', 'closed')", name="state"),
    CheckConstraint("(member_class IS NULL) = (member_code IS NULL)", name="member"),
)
