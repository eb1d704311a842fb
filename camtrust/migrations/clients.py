"""The tables of API clients; revision 0013 makes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

instant = core.columns.UtcDateTime(timezone=True)
number = core.columns.BigIdentity


def make_tables() -> None:
    """Make the tables."""
    _make_api_clients()
    _make_api_client_keys()
    _make_spent_assertions()
    _make_access_tokens()


def _make_api_clients() -> None:
    op.create_table(
        "api_clients",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("auth_method", sa.String(length=32), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("approvals_needed", sa.Integer(), nullable=False),
        sa.Column("registered_by", sa.String(length=64), nullable=False),
        sa.Column("registered_by_person", sa.String(length=64), nullable=False),
        sa.Column("registered_at", instant, nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_by_person", sa.String(length=64), nullable=True),
        sa.Column("decided_at", instant, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.Column("tokens_issued", sa.BigInteger(), nullable=False),
        sa.Column("last_token_at", instant, nullable=True),
        *_api_client_rules(),
    )


def _api_client_rules() -> tuple[sa.Constraint, ...]:
    return (
        sa.CheckConstraint(
            "(state = 'refused') = (reason IS NOT NULL)",
            name=op.f("ck_api_clients_refused_with_reason"),
        ),
        sa.CheckConstraint(
            "auth_method IN ('private_key_jwt', 'tls_client_auth')",
            name=op.f("ck_api_clients_auth_method"),
        ),
        sa.CheckConstraint(
            "state <> 'approved' OR approvals_needed = 0 OR decided_by_person IS NOT NULL",
            name=op.f("ck_api_clients_approved"),
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'refused')", name=op.f("ck_api_clients_state")
        ),
        sa.CheckConstraint(
            "approvals_needed BETWEEN 0 AND 1", name=op.f("ck_api_clients_approvals_needed")
        ),
        sa.CheckConstraint(
            "decided_by_person <> registered_by_person",
            name=op.f("ck_api_clients_not_by_registrar"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by", "decided_by_person"],
            ["principals.id", "principals.person"],
            name=op.f("fk_api_clients_decided_by_decided_by_person_principals"),
        ),
        sa.ForeignKeyConstraint(
            ["id"], ["principals.id"], name=op.f("fk_api_clients_id_principals")
        ),
        sa.ForeignKeyConstraint(
            ["registered_by", "registered_by_person"],
            ["principals.id", "principals.person"],
            name=op.f("fk_api_clients_registered_by_registered_by_person_principals"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_clients")),
    )


def _make_api_client_keys() -> None:
    op.create_table(
        "api_client_keys",
        sa.Column("thumbprint", sa.String(length=43), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("jwk", sa.JSON(), nullable=False),
        sa.Column("added_at", instant, nullable=False),
        sa.Column("ended_at", instant, nullable=True),
        sa.ForeignKeyConstraint(
            ["client"], ["api_clients.id"], name=op.f("fk_api_client_keys_client_api_clients")
        ),
        sa.PrimaryKeyConstraint("thumbprint", name=op.f("pk_api_client_keys")),
    )
    op.create_index(op.f("ix_api_client_keys_client"), "api_client_keys", ["client"], unique=False)


def _make_spent_assertions() -> None:
    op.create_table(
        "spent_assertions",
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("jti_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["client"], ["api_clients.id"], name=op.f("fk_spent_assertions_client_api_clients")
        ),
        sa.PrimaryKeyConstraint("client", "jti_sha256", name=op.f("pk_spent_assertions")),
    )
    op.create_index(
        op.f("ix_spent_assertions_expires_at"), "spent_assertions", ["expires_at"], unique=False
    )


def _make_access_tokens() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("certificate_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("issued_at", instant, nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["client"], ["api_clients.id"], name=op.f("fk_access_tokens_client_api_clients")
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_access_tokens")),
    )
    op.create_index(
        "ix_access_tokens_client", "access_tokens", ["client", "issued_at"], unique=False
    )
    op.create_index(
        op.f("ix_access_tokens_expires_at"), "access_tokens", ["expires_at"], unique=False
    )
