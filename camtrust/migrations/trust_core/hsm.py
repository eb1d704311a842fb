"""The tables of keys, wherever they are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

instant = core.columns.UtcDateTime(timezone=True)
number = core.columns.BigIdentity
STATES = "'pre-active', 'active', 'suspended', 'deactivated', 'compromised', 'destroyed'"


def make_tables() -> None:
    """Make them, what is referred to first."""
    _make_canaries()
    _make_key_encryption_keys()
    _make_keys()
    _make_key_state_changes()
    _make_wrapped_keys()


def _make_canaries() -> None:
    op.create_table(
        "canaries",
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("public_key_der", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_canaries")),
    )


def _make_key_encryption_keys() -> None:
    op.create_table(
        "key_encryption_keys",
        sa.Column("kek_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("kek_id", name=op.f("pk_key_encryption_keys")),
    )
    op.create_index(
        op.f("ix_key_encryption_keys_token"), "key_encryption_keys", ["token"], unique=False
    )


def _make_keys() -> None:
    op.create_table(
        "keys",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=128), nullable=False),
        sa.Column("algorithm", sa.String(length=16), nullable=False),
        sa.Column("public_key_der", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("may_be_wrapped", sa.Boolean(), nullable=False),
        sa.Column("kept_in", sa.String(length=8), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("provenance", sa.JSON(), nullable=False),
        sa.Column("erased_at", instant, nullable=True),
        sa.CheckConstraint("kept_in IN ('token', 'database')", name=op.f("ck_keys_kept_in")),
        sa.CheckConstraint(
            f"state IN ({STATES})",
            name=op.f("ck_keys_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
        sa.UniqueConstraint("key_id", name=op.f("uq_keys_key_id")),
    )
    op.create_index(op.f("ix_keys_token"), "keys", ["token"], unique=False)


def _make_key_state_changes() -> None:
    op.create_table(
        "key_state_changes",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("before", sa.String(length=16), nullable=True),
        sa.Column("after", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.CheckConstraint(
            f"after IN ({STATES})",
            name=op.f("ck_key_state_changes_after"),
        ),
        sa.ForeignKeyConstraint(
            ["key_id"], ["keys.key_id"], name=op.f("fk_key_state_changes_key_id_keys")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_state_changes")),
    )
    op.create_index(
        op.f("ix_key_state_changes_key_id"), "key_state_changes", ["key_id"], unique=False
    )


def _make_wrapped_keys() -> None:
    op.create_table(
        "wrapped_keys",
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kek_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("mechanism", sa.String(length=32), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_at", instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["kek_id"],
            ["key_encryption_keys.kek_id"],
            name=op.f("fk_wrapped_keys_kek_id_key_encryption_keys"),
        ),
        sa.ForeignKeyConstraint(
            ["key_id"], ["keys.key_id"], name=op.f("fk_wrapped_keys_key_id_keys")
        ),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_wrapped_keys")),
    )
