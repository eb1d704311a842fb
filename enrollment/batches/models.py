"""The tables of batches. The two-officer rule stands here as it does for applications."""

from __future__ import annotations

from sqlalchemy import (
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

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata
from enrollment.institutions.models import institutions

batches = Table(
    "batches",
    metadata,
    Column("id", String(32), primary_key=True),  # a UUID of version 7: sorts by time
    Column("submitter", String(64), nullable=False),
    Column("submitter_person", String(64), nullable=False),
    # Whose officers decide it; none: those of the nation.
    Column("institution", String(64), ForeignKey(institutions.c.id), index=True),
    Column("decided", String(8), nullable=False),  # whole | each
    Column("state", String(16), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("upload_sha256", LargeBinary(32), nullable=False),
    Column("approvals_needed", Integer),  # known once the rows are checked
    Column("approvals", Integer, nullable=False),
    Column("submitted_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the batch-submitted entry
    UniqueConstraint("id", "submitter_person"),
    ForeignKeyConstraint(["submitter", "submitter_person"], ["principals.id", "principals.person"]),
    CheckConstraint("decided IN ('whole', 'each')", name="decided"),
    CheckConstraint(
        "state IN ('checking', 'waiting', 'working', 'done', 'refused', 'cancelled')", name="state"
    ),
    CheckConstraint("rows BETWEEN 1 AND 10000", name="rows"),
    CheckConstraint("approvals_needed BETWEEN 1 AND 2", name="approvals_needed"),
    CheckConstraint("approvals BETWEEN 0 AND 2", name="approvals"),
    CheckConstraint(
        "state <> 'working' OR decided = 'each' OR "
        "(approvals_needed IS NOT NULL AND approvals = approvals_needed)",
        name="approved",
    ),
)
Index("ix_batches_state", batches.c.state, batches.c.id)
Index("ix_batches_submitter", batches.c.submitter, batches.c.id)

batch_rows = Table(
    "batch_rows",
    metadata,
    Column("batch", String(32), ForeignKey("batches.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1
    # What was sent: personal data. It goes once the row needs it no more.
    Column("line", LargeBinary),
    Column("state", String(16), nullable=False),
    Column("fingerprint", LargeBinary(32)),  # of profile and key, of a row that passed
    Column("problem", String(64)),
    Column("detail", Text),
    Column("application", String(32)),
    CheckConstraint(
        "state IN ('waiting', 'passed', 'rejected', 'submitted', 'issued', 'failed', 'dropped')",
        name="state",
    ),
    CheckConstraint("(state IN ('rejected', 'failed')) = (problem IS NOT NULL)", name="problem"),
)
Index("ix_batch_rows_state", batch_rows.c.batch, batch_rows.c.state, batch_rows.c.number)
Index("ix_batch_rows_fingerprint", batch_rows.c.batch, batch_rows.c.fingerprint)

batch_decisions = Table(
    "batch_decisions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("batch", String(32), nullable=False),
    Column("submitter_person", String(64), nullable=False),
    Column("decided_by", String(64), nullable=False),
    Column("decided_by_person", String(64), nullable=False),
    Column("verdict", String(16), nullable=False),  # approved | refused
    Column("reason", Text),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the batch-decided entry
    ForeignKeyConstraint(["batch", "submitter_person"], ["batches.id", "batches.submitter_person"]),
    ForeignKeyConstraint(
        ["decided_by", "decided_by_person"], ["principals.id", "principals.person"]
    ),
    CheckConstraint("decided_by_person <> submitter_person", name="not_by_submitter"),
    UniqueConstraint("batch", "decided_by_person"),
    CheckConstraint("verdict IN ('approved', 'refused')", name="verdict"),
    CheckConstraint("verdict = 'approved' OR reason IS NOT NULL", name="refused_with_reason"),
)
