"""Tables of revocation beside ``revocations`` itself. Only ``ca.revocation`` and ``ca.crl`` use
them.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

# One row for each CRL scope, locked by whoever changes a status in it or begins a CRL of it:
# every change is either in a CRL or later than the CRL's ``last_change``, never lost between.
status_scopes = Table(
    "status_scopes",
    metadata,
    Column("authority", String(64), ForeignKey("authorities.name"), primary_key=True),
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("last_change", UtcDateTime, nullable=False),
    # The newest CRL number taken, whether or not a CRL came of it.
    Column("last_number", BigIdentity, nullable=False, default=0),
    # Until when whoever took that number is believed to be at work; NULL when it is done.
    Column("claimed_until", UtcDateTime),
)

# Mass revocations, proposed by one officer and approved by another; ``cursor`` is the id of the
# last certificate done, moved in the transaction that did it.
revocation_jobs = Table(
    "revocation_jobs",
    metadata,
    Column("id", BigIdentity, primary_key=True, autoincrement=True),
    Column("state", String(16), nullable=False),  # proposed | approved | done | withdrawn
    Column("selection", JSON, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("invalidity_date", UtcDateTime),
    Column("justification", Text, nullable=False),
    Column("expected", Integer, nullable=False),  # what the proposal counted
    Column("requested_by", String(128), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("approved_by", String(128)),
    Column("approved_at", UtcDateTime),
    Column("horizon", BigIdentity),  # the newest certificate when it was approved
    Column("cursor", BigIdentity, nullable=False, default=0),
    Column("revoked", Integer, nullable=False, default=0),
    Column("finished_at", UtcDateTime),
    CheckConstraint("state IN ('proposed', 'approved', 'done', 'withdrawn')", name="state"),
    CheckConstraint("approved_by IS NULL OR approved_by <> requested_by", name="two_officers"),
    CheckConstraint(
        "state IN ('proposed', 'withdrawn') OR (approved_by IS NOT NULL AND horizon IS NOT NULL)",
        name="approved_before_run",
    ),
)

# Who broke the glass and why. The public log has only commitments to the names.
break_glass_uses = Table(
    "break_glass_uses",
    metadata,
    Column("id", BigIdentity, primary_key=True, autoincrement=True),
    Column("used_at", UtcDateTime, nullable=False),
    Column("authority", String(64), ForeignKey("authorities.name"), nullable=False),
    Column("serial_number_hex", String(40), nullable=False),
    Column("first_operator", String(128), nullable=False),
    Column("second_operator", String(128), nullable=False),
    Column("justification", Text, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    CheckConstraint("first_operator <> second_operator", name="two_operators"),
)
