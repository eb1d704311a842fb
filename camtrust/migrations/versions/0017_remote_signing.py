"""Remote signing: keys of people and organizations, and what they were authorized to sign."""

from __future__ import annotations

from camtrust.migrations import credentials

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    credentials.make_tables()
