"""Circulations of documents among signers."""

from __future__ import annotations

from camtrust.migrations import approvals

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    approvals.make_tables()
