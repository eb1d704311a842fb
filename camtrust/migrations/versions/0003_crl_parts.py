"""CRLs are kept in parts: a list of a million entries is too long for one value."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make crl_parts and move each list into it, as one part; newer lists have more."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "crl_parts",
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", number, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority", "shard", "number"],
            ["crls.authority", "crls.shard", "crls.number"],
            name=op.f("fk_crl_parts_authority_shard_number_crls"),
        ),
        sa.PrimaryKeyConstraint(
            "authority", "shard", "number", "position", name=op.f("pk_crl_parts")
        ),
    )
    op.execute(
        "INSERT INTO crl_parts (authority, shard, number, position, octets) "
        "SELECT authority, shard, number, 0, crl_der FROM crls WHERE crl_der IS NOT NULL"
    )
    op.drop_column("crls", "crl_der")
