"""Indexes by which officers search applications."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes."""
    for column in ("profile", "holder", "serial_number"):
        op.create_index(f"ix_applications_{column}", "applications", [column, "id"])
