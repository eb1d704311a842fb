"""Programs of institutions: API clients with their tokens, batches, and webhooks."""

from __future__ import annotations

from camtrust.migrations import batches, clients, webhooks

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    clients.make_tables()
    batches.make_tables()
    webhooks.make_tables()
