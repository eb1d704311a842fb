"""The tables of the registration authority. Only ``enrollment`` reads or writes them.

The two-officer rule stands here, not only in the code that obeys it:

- a decision names the person who stands behind its application and the one behind the decider (the
  composite foreign keys allow no other), and they differ: the requester cannot decide, nor under
  another role;
- an application and a person have at most one decision in each round: nobody decides twice. A round
  ends when the applicant answers a question, or when approvals are too old to count;
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
from enrollment.institutions.models import institutions

# Everybody who signs in: people in office, services, and those who hold certificates. A key and a
# certificate are bound to one of them for ever, also when they left.
principals = Table(
    "principals",
    metadata,
    Column("id", String(64), primary_key=True),  # a pseudonym: it stands in the event log
    Column("role", String(32), nullable=False),
    Column("state", String(16), nullable=False),  # active | suspended | removed
    # Whose people and certificates an officer sees; none: those of the whole nation.
    Column("institution", String(64), ForeignKey(institutions.c.id), index=True),
    # Who stands behind it (people.id); its own id where that is nobody, or not known.
    Column("person", String(64), nullable=False),
    Column("enrolled_at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    UniqueConstraint("id", "person"),
    CheckConstraint(
        "role IN ('ca-administrator', 'ra-officer', 'counter-officer', 'auditor', 'service', "
        "'subscriber')",
        name="role",
    ),
    CheckConstraint("state IN ('active', 'suspended', 'removed')", name="state"),
)
# Nobody holds two offices: RFC 3647, Section 4.5.2.4, separation of duties.
Index(
    "uq_principals_office",
    principals.c.person,
    unique=True,
    sqlite_where=principals.c.role != "subscriber",
    postgresql_where=principals.c.role != "subscriber",
)

principal_certificates = Table(
    "principal_certificates",
    metadata,
    Column("authority", String(64), primary_key=True),
    Column("serial_number", SerialNumber, primary_key=True),
    Column("principal", String(64), ForeignKey("principals.id"), nullable=False, index=True),
    Column("public_key_sha256", LargeBinary(32), nullable=False, unique=True),
    Column("bound_at", UtcDateTime, nullable=False),
)

applications = Table(
    "applications",
    metadata,
    Column("id", String(32), primary_key=True),  # a UUID of version 7: sorts by time
    Column("applicant", String(64), nullable=False),
    Column("applicant_person", String(64), nullable=False),
    # Whose officers decide it; none: those of the nation.
    Column("institution", String(64), ForeignKey(institutions.c.id)),
    Column("bundle", String(32), index=True),  # shared by what was applied for together
    Column("state", String(16), nullable=False),
    Column("profile", String(64), nullable=False),
    Column("holder", String(128), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("csr_der", LargeBinary, nullable=False),
    Column("public_key_sha256", LargeBinary(32), nullable=False),
    Column("approvals_needed", Integer, nullable=False),
    Column("approvals", Integer, nullable=False),
    # Rises when decisions begin anew; only those of the present round count.
    Column("round", Integer, nullable=False, default=1, server_default="1"),
    Column("answer", Text),  # to the question with which it was returned last
    Column("checks", JSON),  # what was compared with registers when it was submitted
    Column("evidence", JSON),  # what the applicant showed for it
    Column("submitted_at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the application-submitted entry
    Column("decide_by", UtcDateTime),  # then it expires, if it is not decided
    Column("decided_at", UtcDateTime),
    Column("failure", String(64)),  # the problem for which it was approved but not issued
    Column("authority", String(64)),
    Column("serial_number", SerialNumber),
    UniqueConstraint("id", "applicant_person"),
    UniqueConstraint("authority", "serial_number"),
    ForeignKeyConstraint(["applicant", "applicant_person"], ["principals.id", "principals.person"]),
    CheckConstraint(
        "state IN ('submitted', 'returned', 'refused', 'expired', 'approved', 'issued', 'failed')",
        name="state",
    ),
    # None for a renewal that the policy of enrollment/subscriber excepts.
    CheckConstraint("approvals_needed BETWEEN 0 AND 2", name="approvals_needed"),
    CheckConstraint("approvals BETWEEN 0 AND approvals_needed", name="approvals"),
    CheckConstraint(
        "state IN ('submitted', 'returned', 'refused', 'expired') OR approvals = approvals_needed",
        name="approved",
    ),
    CheckConstraint("(state = 'issued') = (serial_number IS NOT NULL)", name="issued"),
    CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name="failed"),
    CheckConstraint("round > 0", name="round"),
)
Index("ix_applications_state", applications.c.state, applications.c.id)
Index("ix_applications_applicant", applications.c.applicant, applications.c.id)
Index("ix_applications_institution", applications.c.institution, applications.c.id)
Index(
    "ix_applications_waiting", applications.c.institution, applications.c.state, applications.c.id
)
Index("ix_applications_decide_by", applications.c.state, applications.c.decide_by)
Index("ix_applications_profile", applications.c.profile, applications.c.id)
Index("ix_applications_holder", applications.c.holder, applications.c.id)
Index("ix_applications_serial_number", applications.c.serial_number, applications.c.id)
Index("ix_applications_log_index", applications.c.log_index)

decisions = Table(
    "decisions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("application", String(32), nullable=False),
    Column("applicant_person", String(64), nullable=False),
    Column("decided_by", String(64), nullable=False),
    Column("decided_by_person", String(64), nullable=False),
    Column("round", Integer, nullable=False, default=1, server_default="1"),
    Column("verdict", String(16), nullable=False),  # approved | refused | returned
    Column("reason", Text),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the application-decided entry
    ForeignKeyConstraint(
        ["application", "applicant_person"], ["applications.id", "applications.applicant_person"]
    ),
    ForeignKeyConstraint(
        ["decided_by", "decided_by_person"], ["principals.id", "principals.person"]
    ),
    CheckConstraint("decided_by_person <> applicant_person", name="not_by_applicant"),
    UniqueConstraint("application", "round", "decided_by_person"),
    CheckConstraint("verdict IN ('approved', 'refused', 'returned')", name="verdict"),
    CheckConstraint("verdict = 'approved' OR reason IS NOT NULL", name="refused_with_reason"),
)
Index("ix_decisions_decided_by", decisions.c.decided_by, decisions.c.log_index)
Index("ix_decisions_log_index", decisions.c.log_index)

# What was submitted before the applicant corrected it: the log's older entries commit to these.
earlier_submissions = Table(
    "earlier_submissions",
    metadata,
    Column("log_index", BigIdentity, primary_key=True, autoincrement=False),
    Column("application", String(32), ForeignKey("applications.id"), nullable=False, index=True),
    Column("round", Integer, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("csr_der", LargeBinary, nullable=False),
    Column("answer", Text),
    Column("submitted_at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
)
