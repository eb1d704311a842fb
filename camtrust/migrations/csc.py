"""The tables of the CSC API; revision 0019 makes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

instant = core.columns.UtcDateTime(timezone=True)
octets = sa.LargeBinary(length=32)


def make_tables() -> None:
    """Make the tables."""
    _make_addresses()
    _make_requests()
    _make_codes()
    _make_tokens()


def _make_addresses() -> None:
    op.create_table(
        "csc_return_addresses",
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=400), nullable=False),
        sa.Column("registered_by", sa.String(length=64), nullable=False),
        sa.Column("registered_at", instant, nullable=False),
        sa.Column("salt", octets, nullable=False),
        sa.Column("log_index", core.columns.BigIdentity, nullable=False),
        sa.PrimaryKeyConstraint("client", "address", name=op.f("pk_csc_return_addresses")),
    )


def _make_requests() -> None:
    op.create_table(
        "csc_requests",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=400), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("code_challenge", sa.String(length=43), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("credential", sa.String(length=32), nullable=True),
        sa.Column("digest_algorithm", sa.String(length=16), nullable=True),
        sa.Column("hashes", sa.JSON(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_csc_requests")),
    )
    _index_expiry("csc_requests")


def _make_codes() -> None:
    op.create_table(
        "csc_codes",
        sa.Column("code_sha256", octets, nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=400), nullable=False),
        sa.Column("code_challenge", sa.String(length=43), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("credential", sa.String(length=32), nullable=True),
        sa.Column("sealed_sad", sa.LargeBinary(), nullable=True),
        sa.Column("sad_expires_at", instant, nullable=True),
        sa.Column("expires_at", instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["credential"],
            ["signing_credentials.id"],
            name=op.f("fk_csc_codes_credential_signing_credentials"),
        ),
        sa.PrimaryKeyConstraint("code_sha256", name=op.f("pk_csc_codes")),
    )
    _index_expiry("csc_codes")


def _make_tokens() -> None:
    op.create_table(
        "csc_tokens",
        sa.Column("token_sha256", octets, nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("certificate_sha256", octets, nullable=True),
        sa.Column("expires_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_csc_tokens")),
    )
    op.create_index(op.f("ix_csc_tokens_person"), "csc_tokens", ["person"], unique=False)
    _index_expiry("csc_tokens")


def _index_expiry(table: str) -> None:
    op.create_index(op.f(f"ix_{table}_expires_at"), table, ["expires_at"], unique=False)
