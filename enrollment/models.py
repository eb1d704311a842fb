"""The tables of the registration authority. Only ``enrollment`` reads or writes them.

The two-officer rule stands here, not only in the code that obeys it:

- a decision names the applicant of its application (the composite foreign key allows no other
  name), and ``decided_by`` differs from it: the requester cannot decide;
- an application and an officer have at most one decision: nobody decides twice;
- an application is approved only with as many approvals as its profile asks for.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from core.columns import BigIdentity, SerialNumber, UtcDateTime
from core.database import metadata

# Everybody who signs in with a certificate of ours: people in office, and services. A key and
# a certificate are bound to one of them for ever, also when they left.
officers = Table(
    "officers",
    metadata,
    Column("id", String(64), primary_key=True),  # a pseudonym: it stands in the event log
    Column("role", String(32), nullable=False),
    Column("state", String(16), nullable=False),  # active | suspended | removed
    Column("enrolled_at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    CheckConstraint(
        "role IN ('ca-administrator', 'ra-officer', 'auditor', 'service')", name="role"
    ),
    CheckConstraint("state IN ('active', 'suspended', 'removed')", name="state"),
)

officer_certificates = Table(
    "officer_certificates",
    metadata,
    Column("authority", String(64), primary_key=True),
    Column("serial_number", SerialNumber, primary_key=True),
    Column("officer", String(64), ForeignKey("officers.id"), nullable=False, index=True),
    Column("public_key_sha256", LargeBinary(32), nullable=False, unique=True),
    Column("bound_at", UtcDateTime, nullable=False),
)

applications = Table(
    "applications",
    metadata,
    Column("id", String(32), primary_key=True),  # a UUID of version 7: sorts by time
    Column("applicant", String(64), ForeignKey("officers.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("profile", String(64), nullable=False),
    Column("holder", String(128), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("csr_der", LargeBinary, nullable=False),
    Column("public_key_sha256", LargeBinary(32), nullable=False),
    Column("approvals_needed", Integer, nullable=False),
    Column("approvals", Integer, nullable=False),
    Column("submitted_at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the application-submitted entry
    Column("decided_at", UtcDateTime),
    Column("failure", String(64)),  # the problem for which it was approved but not issued
    Column("authority", String(64)),
    Column("serial_number", SerialNumber),
    UniqueConstraint("id", "applicant"),
    UniqueConstraint("authority", "serial_number"),
    CheckConstraint(
        "state IN ('submitted', 'refused', 'approved', 'issued', 'failed')", name="state"
    ),
    CheckConstraint("approvals_needed BETWEEN 1 AND 2", name="approvals_needed"),
    CheckConstraint("approvals BETWEEN 0 AND approvals_needed", name="approvals"),
    CheckConstraint(
        "state IN ('submitted', 'refused') OR approvals = approvals_needed", name="approved"
    ),
    CheckConstraint("(state = 'issued') = (serial_number IS NOT NULL)", name="issued"),
    CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name="failed"),
)
Index("ix_applications_state", applications.c.state, applications.c.id)
Index("ix_applications_applicant", applications.c.applicant, applications.c.id)
Index("ix_applications_profile", applications.c.profile, applications.c.id)
Index("ix_applications_holder", applications.c.holder, applications.c.id)
Index("ix_applications_serial_number", applications.c.serial_number, applications.c.id)

decisions = Table(
    "decisions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("application", String(32), nullable=False),
    Column("applicant", String(64), nullable=False),
    Column("decided_by", String(64), ForeignKey("officers.id"), nullable=False),
    Column("verdict", String(16), nullable=False),  # approved | refused
    Column("reason", Text),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the application-decided entry
    ForeignKeyConstraint(
        ["application", "applicant"], ["applications.id", "applications.applicant"]
    ),
    CheckConstraint("decided_by <> applicant", name="not_by_applicant"),
    UniqueConstraint("application", "decided_by"),
    CheckConstraint("verdict IN ('approved', 'refused')", name="verdict"),
    CheckConstraint("verdict = 'approved' OR reason IS NOT NULL", name="refused_with_reason"),
)
