"""The tables of circulations: who takes part, what each did, and what is about to be signed."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

approvals = Table(
    "approvals",
    metadata,
    Column("id", String(32), primary_key=True),  # a UUID of version 7: sorts by time
    Column("requester", String(64), nullable=False),
    Column("by_person", Boolean, nullable=False),  # else by a program
    Column("institution", String(64), nullable=False),
    Column("seal", String(64), nullable=False),  # the name of the key that closes it
    Column("stamp", JSON(none_as_null=True)),  # the order of the seal's stamp
    Column("title", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("step", Integer, nullable=False),  # whose turn it is, from 1
    # The newest revision: its number, the name of its file, and what is in it.
    Column("revision", Integer, nullable=False),
    Column("document", String(64), nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("octets", BigInteger, nullable=False),
    # Who appends to it at this moment, and until when.
    Column("claim", String(64)),
    Column("claim_until", UtcDateTime),
    # Of sealing: how often it failed, why the last time, and when it is tried again.
    Column("tries", Integer, nullable=False),
    Column("trouble", String(64)),
    Column("next_try_at", UtcDateTime),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("erased_at", UtcDateTime),
    Column("salt", LargeBinary(32), nullable=False),
    CheckConstraint(
        "state IN ('circulating', 'sealing', 'sealed', 'refused', 'cancelled')", name="state"
    ),
    CheckConstraint("(state IN ('circulating', 'sealing')) = (ended_at IS NULL)", name="end"),
    CheckConstraint("(state = 'sealing') = (next_try_at IS NOT NULL)", name="sealing"),
    CheckConstraint("(claim IS NULL) = (claim_until IS NULL)", name="claim"),
)
Index("ix_approvals_requester", approvals.c.requester, approvals.c.id)
Index("ix_approvals_institution", approvals.c.institution, approvals.c.state)
Index("ix_approvals_sealing", approvals.c.state, approvals.c.next_try_at)
Index("ix_approvals_ended_at", approvals.c.erased_at, approvals.c.ended_at)

approval_participants = Table(
    "approval_participants",
    metadata,
    Column("approval", String(32), ForeignKey(approvals.c.id), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1
    Column("step", Integer, nullable=False),
    Column("person", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("deadline", UtcDateTime, nullable=False),
    Column("stamp", JSON(none_as_null=True)),  # where a visible stamp lies
    Column("state", String(16), nullable=False),
    Column("reminded", Integer, nullable=False),  # how many of the reminders are over
    Column("overdue_at", UtcDateTime),
    CheckConstraint("role IN ('sign', 'acknowledge')", name="role"),
    CheckConstraint(
        "state IN ('waiting', 'signed', 'acknowledged', 'refused', 'replaced')", name="state"
    ),
)
Index(
    "ix_approval_participants_person",
    approval_participants.c.person,
    approval_participants.c.state,
    approval_participants.c.approval,
)
Index(
    "ix_approval_participants_deadline",
    approval_participants.c.state,
    approval_participants.c.deadline,
)

# What was done, by whom and when; never changed.
approval_acts = Table(
    "approval_acts",
    metadata,
    Column("approval", String(32), ForeignKey(approvals.c.id), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1
    Column("kind", String(16), nullable=False),
    Column("participant", Integer),
    Column("by", String(64)),  # NULL: it came about, or operators did it
    Column("on_behalf_of", String(64)),
    Column("text", Text),  # a reason, or an opinion
    Column("sha256", LargeBinary(32)),  # of the document that it made
    Column("at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),
)
Index("ix_approval_acts_by", approval_acts.c.by, approval_acts.c.approval)

# What a signer was asked to sign: a revision that waits for its signature, as a file of this id.
approval_signings = Table(
    "approval_signings",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("approval", String(32), ForeignKey(approvals.c.id), nullable=False, index=True),
    Column("participant", Integer, nullable=False),
    Column("by", String(64), nullable=False),
    Column("revision", Integer, nullable=False),  # the one that it is appended to
    Column("credential", String(32), nullable=False),
    Column("certificate_sha256", LargeBinary(32), nullable=False),
    Column("field", String(200), nullable=False),
    Column("document_digest", LargeBinary(64), nullable=False),
    Column("gap_start", BigInteger, nullable=False),
    Column("gap_end", BigInteger, nullable=False),
    Column("to_be_signed", LargeBinary, nullable=False),  # DER of the signed attributes
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

approval_deputies = Table(
    "approval_deputies",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("institution", String(64), nullable=False),
    Column("person", String(64), nullable=False, index=True),
    Column("deputy", String(64), nullable=False, index=True),
    Column("begins_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("named_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the approval-deputy-named entry
    CheckConstraint("begins_at < ends_at", name="period"),
    CheckConstraint("person <> deputy", name="somebody_else"),
)
