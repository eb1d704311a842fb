"""The table of CMP: transactions, so that any process goes on with one, and none runs twice."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from core.columns import UtcDateTime
from core.database import metadata

transactions = Table(
    "cmp_transactions",
    metadata,
    # Who began it: mac:GRANT or cert:AUTHORITY:SERIAL. A transactionID is its client's own.
    Column("client", String(128), primary_key=True),
    Column("transaction_id", LargeBinary(64), primary_key=True),
    Column("grant_id", String(32), ForeignKey("grants.id"), nullable=False),
    Column("body", String(8), nullable=False),  # ir | cr | p10cr | kur | rr
    Column("state", String(16), nullable=False),
    Column("reference", String(64), nullable=False, unique=True),  # of the grant's use
    Column("cert_req_id", Integer, nullable=False),
    Column("request_der", LargeBinary),  # while it may still be issued for
    Column("answer_nonce", LargeBinary(16)),  # of our last answer
    Column("began_at", UtcDateTime, nullable=False),
    Column("act_before", UtcDateTime),  # when it is given up; NULL once it is settled
    # When a replay is refused for its age alone; NULL for a message without a time: never.
    Column("forget_after", UtcDateTime),
    CheckConstraint(
        "state IN ('begun', 'waiting', 'unconfirmed', 'confirmed', 'unwanted', 'closed')",
        name="state",
    ),
    CheckConstraint("body IN ('ir', 'cr', 'p10cr', 'kur', 'rr')", name="body"),
    CheckConstraint(
        "(act_before IS NULL) = (state IN ('confirmed', 'unwanted', 'closed'))", name="act_before"
    ),
    CheckConstraint("state <> 'waiting' OR request_der IS NOT NULL", name="request_der"),
)
Index("ix_cmp_transactions_state", transactions.c.state, transactions.c.act_before)
Index("ix_cmp_transactions_transaction_id", transactions.c.transaction_id)
