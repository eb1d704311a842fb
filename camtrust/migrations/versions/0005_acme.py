"""Accounts, orders, authorizations and nonces of the ACME server."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

instant = core.columns.UtcDateTime(timezone=True)
serial_number = core.columns.SerialNumber(length=20)


def upgrade() -> None:
    """Make the tables of ACME."""
    _make_accounts()
    _make_nonce_keys()
    _make_spent_nonces()
    _make_authorizations()
    _make_orders()
    _make_challenges()
    _make_order_authorizations()


def _make_accounts() -> None:
    op.create_table(
        "acme_accounts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("grant_id", sa.String(length=32), nullable=False),
        sa.Column("jwk", sa.JSON(), nullable=False),
        sa.Column("thumbprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("contacts", sa.JSON(), nullable=False),
        sa.Column("terms_agreed", sa.Boolean(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.CheckConstraint(
            "state IN ('valid', 'deactivated')", name=op.f("ck_acme_accounts_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acme_accounts")),
        sa.UniqueConstraint("thumbprint", name=op.f("uq_acme_accounts_thumbprint")),
    )
    op.create_index(op.f("ix_acme_accounts_grant_id"), "acme_accounts", ["grant_id"], unique=False)


def _make_nonce_keys() -> None:
    op.create_table(
        "acme_nonce_keys",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("number = 1", name=op.f("ck_acme_nonce_keys_only_one")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_acme_nonce_keys")),
    )


def _make_spent_nonces() -> None:
    op.create_table(
        "acme_spent_nonces",
        sa.Column("nonce", sa.LargeBinary(length=12), nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_acme_spent_nonces")),
    )
    op.create_index(
        op.f("ix_acme_spent_nonces_expires_at"), "acme_spent_nonces", ["expires_at"], unique=False
    )


def _make_authorizations() -> None:
    op.create_table(
        "acme_authorizations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("dns_name", sa.String(length=253), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=True),
        sa.Column("expires_at", instant, nullable=False),
        sa.CheckConstraint(
            "state <> 'valid' OR method IS NOT NULL",
            name=op.f("ck_acme_authorizations_valid_by_a_method"),
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'valid', 'invalid', 'deactivated')",
            name=op.f("ck_acme_authorizations_state"),
        ),
        sa.ForeignKeyConstraint(
            ["account"],
            ["acme_accounts.id"],
            name=op.f("fk_acme_authorizations_account_acme_accounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acme_authorizations")),
    )
    op.create_index(
        "ix_acme_authorizations_account",
        "acme_authorizations",
        ["account", "dns_name"],
        unique=False,
    )


def _make_orders() -> None:
    op.create_table(
        "acme_orders",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("grant_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("dns_names", sa.JSON(), nullable=False),
        sa.Column("names_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("replaces", sa.String(length=128), nullable=True),
        sa.Column("renews", sa.Boolean(), nullable=False),
        sa.Column("not_after", instant, nullable=True),
        sa.Column("expires_at", instant, nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("csr_der", sa.LargeBinary(), nullable=True),
        sa.Column("taken_until", instant, nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("authority", sa.String(length=64), nullable=True),
        sa.Column("serial_number", serial_number, nullable=True),
        sa.CheckConstraint(
            "(state = 'valid') = (serial_number IS NOT NULL)", name=op.f("ck_acme_orders_issued")
        ),
        sa.CheckConstraint(
            "state <> 'processing' OR (csr_der IS NOT NULL AND taken_until IS NOT NULL)",
            name=op.f("ck_acme_orders_processing"),
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'processing', 'valid', 'invalid')",
            name=op.f("ck_acme_orders_state"),
        ),
        sa.ForeignKeyConstraint(
            ["account"], ["acme_accounts.id"], name=op.f("fk_acme_orders_account_acme_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acme_orders")),
        sa.UniqueConstraint(
            "authority", "serial_number", name=op.f("uq_acme_orders_authority_serial_number")
        ),
    )
    op.create_index("ix_acme_orders_account", "acme_orders", ["account", "id"], unique=False)
    op.create_index(
        "ix_acme_orders_names", "acme_orders", ["grant_id", "names_sha256"], unique=False
    )
    op.create_index("ix_acme_orders_replaces", "acme_orders", ["replaces"], unique=False)
    op.create_index("ix_acme_orders_state", "acme_orders", ["state", "taken_until"], unique=False)


def _make_challenges() -> None:
    op.create_table(
        "acme_challenges",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("authorization", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("key_authorization", sa.String(length=128), nullable=True),
        sa.Column("taken_until", instant, nullable=True),
        sa.Column("validated_at", instant, nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.CheckConstraint(
            "state <> 'processing' OR (key_authorization IS NOT NULL AND taken_until IS NOT NULL)",
            name=op.f("ck_acme_challenges_processing"),
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'processing', 'valid', 'invalid')",
            name=op.f("ck_acme_challenges_state"),
        ),
        sa.ForeignKeyConstraint(
            ["authorization"],
            ["acme_authorizations.id"],
            name=op.f("fk_acme_challenges_authorization_acme_authorizations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acme_challenges")),
        sa.UniqueConstraint(
            "authorization", "kind", name=op.f("uq_acme_challenges_authorization_kind")
        ),
    )
    op.create_index(
        "ix_acme_challenges_state", "acme_challenges", ["state", "taken_until"], unique=False
    )


def _make_order_authorizations() -> None:
    op.create_table(
        "acme_order_authorizations",
        sa.Column("order", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("authorization", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["authorization"],
            ["acme_authorizations.id"],
            name=op.f("fk_acme_order_authorizations_authorization_acme_authorizations"),
        ),
        sa.ForeignKeyConstraint(
            ["order"],
            ["acme_orders.id"],
            name=op.f("fk_acme_order_authorizations_order_acme_orders"),
        ),
        sa.PrimaryKeyConstraint("order", "position", name=op.f("pk_acme_order_authorizations")),
    )
    op.create_index(
        op.f("ix_acme_order_authorizations_authorization"),
        "acme_order_authorizations",
        ["authorization"],
        unique=False,
    )
