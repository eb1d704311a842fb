"""The tables of webhooks: who is told, what is to be told, and how far the log was followed."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
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

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(32), primary_key=True),  # a UUID of version 7: sorts by time
    Column("client", String(64), ForeignKey("principals.id"), nullable=False, index=True),
    # Told of all that concerns it; none: of what the client itself applied for.
    Column("institution", String(64), ForeignKey(institutions.c.id), index=True),
    Column("url", Text, nullable=False),
    Column("events", JSON, nullable=False),
    Column("state", String(16), nullable=False),  # active | ended
    Column("secret_number", Integer, nullable=False),  # rises with each rotation
    Column("rotated_at", UtcDateTime),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the webhook-registered entry
    CheckConstraint("state IN ('active', 'ended')", name="state"),
    CheckConstraint("secret_number > 0", name="secret_number"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("webhook", String(32), ForeignKey("webhooks.id"), nullable=False),
    # What it is about: an entry of the log, or a certificate's end. Told once to each.
    Column("about", String(128), nullable=False),
    Column("event", String(32), nullable=False),
    Column("data", JSON, nullable=False),  # ids alone
    Column("happened_at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),  # waiting | delivered | given-up
    Column("tries", Integer, nullable=False),
    Column("next_try_at", UtcDateTime),
    Column("tried_at", UtcDateTime),
    Column("status", Integer),  # what the server answered last
    Column("problem", Text),  # or why it did not
    UniqueConstraint("webhook", "about"),
    CheckConstraint("state IN ('waiting', 'delivered', 'given-up')", name="state"),
    CheckConstraint("(state = 'waiting') = (next_try_at IS NOT NULL)", name="next_try"),
)
Index("ix_webhook_deliveries_next_try_at", webhook_deliveries.c.next_try_at)
Index("ix_webhook_deliveries_webhook_id", webhook_deliveries.c.webhook, webhook_deliveries.c.id)

# One row, locked by whoever follows: how many entries of the log were looked at, and after which
# application the search for certificates near their end goes on.
webhook_position = Table(
    "webhook_position",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigIdentity, nullable=False),
    Column("expiring_after", String(32), nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
