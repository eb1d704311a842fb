"""The table of mails. What names a person in it is gone some days after the mail is."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, String, Table, Text

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

mails = Table(
    "mails",
    metadata,
    Column("id", BigIdentity, primary_key=True, autoincrement=True),
    Column("deduplication_key", String(200), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),  # waiting | sent | given-up | withdrawn
    Column("recipient", String(254)),
    Column("subject", Text),
    Column("body", Text),
    Column("confidential", Boolean, nullable=False),  # its body is dropped when the mail leaves
    Column("put_at", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", UtcDateTime, nullable=False),
    # Who sends it at this moment; the claim ends at next_try_at.
    Column("claim", String(32)),
    Column("ended_at", UtcDateTime),
    Column("failure", String(64)),  # the problem of the last try, with the server's code
    CheckConstraint("state IN ('waiting', 'sent', 'given-up', 'withdrawn')", name="state"),
    CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ended"),
    CheckConstraint(
        "state <> 'waiting' OR (recipient IS NOT NULL AND body IS NOT NULL)", name="waiting"
    ),
    CheckConstraint("tries >= 0", name="tries"),
)
Index("ix_mails_next_try", mails.c.state, mails.c.next_try_at, mails.c.id)
Index("ix_mails_ended_at", mails.c.state, mails.c.ended_at)
