"""Transactions of the CMP server, and grants that verify possession themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

instant = core.columns.UtcDateTime(timezone=True)
TABLE = "cmp_transactions"


def upgrade() -> None:
    """Make the table, and the column that no grant before had set."""
    op.add_column(
        "grants",
        sa.Column("verifies_possession", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_table(
        TABLE,
        sa.Column("client", sa.String(length=128), nullable=False),
        sa.Column("transaction_id", sa.LargeBinary(length=64), nullable=False),
        sa.Column("grant_id", sa.String(length=32), nullable=False),
        sa.Column("body", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("cert_req_id", sa.Integer(), nullable=False),
        sa.Column("request_der", sa.LargeBinary(), nullable=True),
        sa.Column("answer_nonce", sa.LargeBinary(length=16), nullable=True),
        sa.Column("began_at", instant, nullable=False),
        sa.Column("act_before", instant, nullable=True),
        sa.Column("forget_after", instant, nullable=True),
        *_rules(),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.id"], name=op.f("fk_cmp_transactions_grant_id_grants")
        ),
        sa.PrimaryKeyConstraint("client", "transaction_id", name=op.f("pk_cmp_transactions")),
        sa.UniqueConstraint("reference", name=op.f("uq_cmp_transactions_reference")),
    )
    op.create_index("ix_cmp_transactions_state", TABLE, ["state", "act_before"], unique=False)
    op.create_index("ix_cmp_transactions_transaction_id", TABLE, ["transaction_id"], unique=False)


def _rules() -> list[sa.CheckConstraint]:
    rules = {
        "state": "state IN ('begun', 'waiting', 'unconfirmed', 'confirmed', 'unwanted', 'closed')",
        "body": "body IN ('ir', 'cr', 'p10cr', 'kur', 'rr')",
        "act_before": "(act_before IS NULL) = (state IN ('confirmed', 'unwanted', 'closed'))",
        "request_der": "state <> 'waiting' OR request_der IS NOT NULL",
    }
    return [
        sa.CheckConstraint(rule, name=op.f(f"ck_cmp_transactions_{name}"))
        for name, rule in rules.items()
    ]
