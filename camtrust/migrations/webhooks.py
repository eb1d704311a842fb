"""The tables of webhooks; revision 0013 makes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

instant = core.columns.UtcDateTime(timezone=True)
number = core.columns.BigIdentity


def make_tables() -> None:
    """Make the tables."""
    _make_webhooks()
    _make_webhook_deliveries()
    _make_webhook_position()


def _make_webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("secret_number", sa.Integer(), nullable=False),
        sa.Column("rotated_at", instant, nullable=True),
        sa.Column("registered_at", instant, nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.CheckConstraint("state IN ('active', 'ended')", name=op.f("ck_webhooks_state")),
        sa.CheckConstraint("secret_number > 0", name=op.f("ck_webhooks_secret_number")),
        sa.ForeignKeyConstraint(
            ["client"], ["principals.id"], name=op.f("fk_webhooks_client_principals")
        ),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name=op.f("fk_webhooks_institution_institutions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_index(op.f("ix_webhooks_client"), "webhooks", ["client"], unique=False)
    op.create_index(op.f("ix_webhooks_institution"), "webhooks", ["institution"], unique=False)


def _make_webhook_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("webhook", sa.String(length=32), nullable=False),
        sa.Column("about", sa.String(length=128), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("happened_at", instant, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", instant, nullable=True),
        sa.Column("tried_at", instant, nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'waiting') = (next_try_at IS NOT NULL)",
            name=op.f("ck_webhook_deliveries_next_try"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'delivered', 'given-up')",
            name=op.f("ck_webhook_deliveries_state"),
        ),
        sa.ForeignKeyConstraint(
            ["webhook"], ["webhooks.id"], name=op.f("fk_webhook_deliveries_webhook_webhooks")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("webhook", "about", name=op.f("uq_webhook_deliveries_webhook_about")),
    )
    op.create_index(
        "ix_webhook_deliveries_next_try_at", "webhook_deliveries", ["next_try_at"], unique=False
    )
    op.create_index(
        "ix_webhook_deliveries_webhook_id", "webhook_deliveries", ["webhook", "id"], unique=False
    )


def _make_webhook_position() -> None:
    op.create_table(
        "webhook_position",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", number, nullable=False),
        sa.Column("expiring_after", sa.String(length=32), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_webhook_position_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_position")),
    )
