"""Revoked passes: who revoked, the log's entry, and the hashes that other countries know."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the index by which status lists are made."""
    op.create_table(
        "pass_revocations",
        sa.Column("pass_id", sa.String(length=32), nullable=False),
        sa.Column("revoked_by", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", core.columns.BigIdentity, nullable=False),
        sa.ForeignKeyConstraint(
            ["pass_id"], ["passes.id"], name=op.f("fk_pass_revocations_pass_id_passes")
        ),
        sa.PrimaryKeyConstraint("pass_id", name=op.f("pk_pass_revocations")),
    )
    op.create_table(
        "pass_revocation_hashes",
        sa.Column("pass_id", sa.String(length=32), nullable=False),
        sa.Column("hash_type", sa.String(length=16), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("signer_key_id", sa.LargeBinary(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["pass_id"], ["passes.id"], name=op.f("fk_pass_revocation_hashes_pass_id_passes")
        ),
        sa.PrimaryKeyConstraint(
            "pass_id", "hash_type", "hash", name=op.f("pk_pass_revocation_hashes")
        ),
    )
    revoked = sa.text("revoked_at IS NOT NULL")
    op.create_index(
        "ix_passes_revoked",
        "passes",
        ["status_list", "status_index"],
        sqlite_where=revoked,
        postgresql_where=revoked,
    )
