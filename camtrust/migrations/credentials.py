"""The tables of signing keys and their authorizations; revision 0017 makes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

instant = core.columns.UtcDateTime(timezone=True)
number = core.columns.BigIdentity
octets = sa.LargeBinary(length=32)


def make_tables() -> None:
    """Make the tables."""
    _make_credentials()
    _make_activations()
    _make_hashes()


def _make_credentials() -> None:
    op.create_table(
        "signing_credentials",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("holder_kind", sa.String(length=16), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("algorithm", sa.String(length=16), nullable=False),
        sa.Column("key_id", octets, nullable=False),
        sa.Column("public_key_der", sa.LargeBinary(), nullable=False),
        sa.Column("provenance", sa.JSON(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("kek_id", octets, nullable=False),
        sa.Column("mechanism", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("pin_salt", octets, nullable=False),
        sa.Column("pin_memory_kibibytes", sa.Integer(), nullable=False),
        sa.Column("pin_passes", sa.Integer(), nullable=False),
        sa.Column("pin_lanes", sa.Integer(), nullable=False),
        sa.Column("pin_set_at", instant, nullable=False),
        sa.Column("wrong_pins", sa.Integer(), nullable=False),
        sa.Column("pins_on_trial", sa.Integer(), nullable=False),
        sa.Column("pin_tried_at", instant, nullable=True),
        sa.Column("authority", sa.String(length=64), nullable=True),
        sa.Column("serial_number", core.columns.SerialNumber(length=20), nullable=True),
        sa.Column("made_at", instant, nullable=False),
        sa.Column("salt", octets, nullable=False),
        sa.Column("log_index", number, nullable=False),
        *_credential_rules(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_credentials")),
        sa.UniqueConstraint("key_id", name=op.f("uq_signing_credentials_key_id")),
    )
    op.create_index(
        "ix_signing_credentials_holder",
        "signing_credentials",
        ["holder_kind", "holder", "id"],
        unique=False,
    )


def _credential_rules() -> list[sa.schema.Constraint]:
    return [
        sa.CheckConstraint(
            "holder_kind IN ('person', 'organization')",
            name=op.f("ck_signing_credentials_holder_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('active', 'suspended', 'locked', 'destroyed')",
            name=op.f("ck_signing_credentials_state"),
        ),
        sa.CheckConstraint(
            "(state = 'destroyed') = (sealed_key IS NULL)",
            name=op.f("ck_signing_credentials_destroyed"),
        ),
        sa.CheckConstraint(
            "(authority IS NULL) = (serial_number IS NULL)",
            name=op.f("ck_signing_credentials_certificate"),
        ),
        sa.CheckConstraint(
            "wrong_pins >= 0 AND pins_on_trial >= 0", name=op.f("ck_signing_credentials_wrong_pins")
        ),
    ]


def _make_activations() -> None:
    op.create_table(
        "signature_activations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("credential", sa.String(length=32), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=True),
        sa.Column("digest_algorithm", sa.String(length=16), nullable=False),
        sa.Column("secret_sha256", octets, nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("authorized_at", instant, nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.ForeignKeyConstraint(
            ["credential"],
            ["signing_credentials.id"],
            name=op.f("fk_signature_activations_credential_signing_credentials"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature_activations")),
    )
    op.create_index(
        op.f("ix_signature_activations_credential"),
        "signature_activations",
        ["credential"],
        unique=False,
    )
    still_open = sa.text("sealed_key IS NOT NULL")
    op.create_index(
        "ix_signature_activations_open",
        "signature_activations",
        ["expires_at"],
        unique=False,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )


def _make_hashes() -> None:
    op.create_table(
        "activation_hashes",
        sa.Column("activation", sa.String(length=32), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("taken_at", instant, nullable=True),
        sa.Column("signed_at", instant, nullable=True),
        sa.CheckConstraint(
            "signed_at IS NULL OR taken_at IS NOT NULL",
            name=op.f("ck_activation_hashes_taken_before_signed"),
        ),
        sa.ForeignKeyConstraint(
            ["activation"],
            ["signature_activations.id"],
            name=op.f("fk_activation_hashes_activation_signature_activations"),
        ),
        sa.PrimaryKeyConstraint("activation", "hash", name=op.f("pk_activation_hashes")),
    )
