"""The CSC API: return addresses of programs, requests to signers, codes and tokens."""

from __future__ import annotations

from camtrust.migrations import csc

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    csc.make_tables()
