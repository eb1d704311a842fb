"""Authorizations bound to certificates, own unlockings, and requests that a person has seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. What waits for minutes is asked again: a request that is open now ends."""
    op.execute("DELETE FROM csc_requests")
    with op.batch_alter_table("csc_requests") as table:
        table.add_column(sa.Column("person", sa.String(length=64), nullable=True))
        table.create_index(op.f("ix_csc_requests_client"), ["client"], unique=False)
        table.create_index(op.f("ix_csc_requests_person"), ["person"], unique=False)
    with op.batch_alter_table("signature_activations") as table:
        table.add_column(sa.Column("certificate_sha256", sa.LargeBinary(length=32), nullable=True))
    with op.batch_alter_table("signing_credentials") as table:
        table.add_column(
            sa.Column("own_unlockings", sa.Integer(), nullable=False, server_default="0")
        )
