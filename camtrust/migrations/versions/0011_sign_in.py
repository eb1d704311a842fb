"""Passkeys, what they are asked and what they confirmed, and sign-ins under way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

instant = core.columns.UtcDateTime(timezone=True)
number = core.columns.BigIdentity


def upgrade() -> None:
    """Make the tables, what is referred to first."""
    _make_passkeys()
    _make_challenges()
    _make_step_ups()
    _make_flows()
    _make_handovers()
    _make_events()


def _make_passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("principal", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("rp_id", sa.String(length=253), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(length=1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", number, nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("is_officers", sa.Boolean(), nullable=False),
        sa.Column("registered_at", instant, nullable=False),
        sa.Column("last_used_at", instant, nullable=True),
        sa.Column("confirmed_by", sa.String(length=64), nullable=True),
        sa.Column("confirmed_by_person", sa.String(length=64), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'active', 'removed')", name=op.f("ck_passkeys_state")
        ),
        sa.CheckConstraint("confirmed_by_person <> person", name=op.f("ck_passkeys_not_by_holder")),
        sa.CheckConstraint(
            "(confirmed_by IS NULL) = (confirmed_by_person IS NULL)",
            name=op.f("ck_passkeys_confirmed_by_a_person"),
        ),
        sa.CheckConstraint(
            "NOT is_officers OR state <> 'active' OR confirmed_by IS NOT NULL",
            name=op.f("ck_passkeys_confirmed"),
        ),
        sa.ForeignKeyConstraint(
            ["principal", "person"],
            ["principals.id", "principals.person"],
            name=op.f("fk_passkeys_principal_person_principals"),
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by", "confirmed_by_person"],
            ["principals.id", "principals.person"],
            name=op.f("fk_passkeys_confirmed_by_confirmed_by_person_principals"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index("ix_passkeys_principal", "passkeys", ["principal", "registered_at"])
    op.create_index("ix_passkeys_state", "passkeys", ["state", "registered_at"])


def _make_challenges() -> None:
    op.create_table(
        "passkey_challenges",
        sa.Column("challenge", sa.LargeBinary(length=32), nullable=False),
        sa.Column("nonce", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("commits_to", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.CheckConstraint(
            "purpose IN ('register', 'sign-in', 'step-up')",
            name=op.f("ck_passkey_challenges_purpose"),
        ),
        sa.PrimaryKeyConstraint("challenge", name=op.f("pk_passkey_challenges")),
    )
    op.create_index(op.f("ix_passkey_challenges_expires_at"), "passkey_challenges", ["expires_at"])


def _make_step_ups() -> None:
    op.create_table(
        "step_ups",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("principal", sa.String(length=64), nullable=False),
        sa.Column("passkey", sa.String(length=32), nullable=False),
        sa.Column("act", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(length=32), nullable=False),
        sa.Column("client_data", sa.LargeBinary(), nullable=False),
        sa.Column("authenticator_data", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at", instant, nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.ForeignKeyConstraint(
            ["principal"], ["principals.id"], name=op.f("fk_step_ups_principal_principals")
        ),
        sa.ForeignKeyConstraint(
            ["passkey"], ["passkeys.id"], name=op.f("fk_step_ups_passkey_passkeys")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_ups")),
    )
    op.create_index(op.f("ix_step_ups_principal"), "step_ups", ["principal"])


def _make_flows() -> None:
    op.create_table(
        "openid_flows",
        sa.Column("state_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("browser_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("code_verifier", sa.String(length=128), nullable=False),
        sa.Column("shared_computer", sa.Boolean(), nullable=False),
        sa.Column("back", sa.String(length=400), nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("state_sha256", name=op.f("pk_openid_flows")),
    )
    op.create_index(op.f("ix_openid_flows_expires_at"), "openid_flows", ["expires_at"])


def _make_handovers() -> None:
    op.create_table(
        "certificate_handovers",
        sa.Column("id_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("browser_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("shared_computer", sa.Boolean(), nullable=False),
        sa.Column("back", sa.String(length=400), nullable=False),
        sa.Column("principal", sa.String(length=64), nullable=True),
        sa.Column("code_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("expires_at", instant, nullable=False),
        sa.CheckConstraint(
            "(principal IS NULL) = (code_sha256 IS NULL)",
            name=op.f("ck_certificate_handovers_code_for_a_principal"),
        ),
        sa.ForeignKeyConstraint(
            ["principal"],
            ["principals.id"],
            name=op.f("fk_certificate_handovers_principal_principals"),
        ),
        sa.PrimaryKeyConstraint("id_sha256", name=op.f("pk_certificate_handovers")),
        sa.UniqueConstraint("code_sha256", name=op.f("uq_certificate_handovers_code_sha256")),
    )
    op.create_index(
        op.f("ix_certificate_handovers_expires_at"), "certificate_handovers", ["expires_at"]
    )


def _make_events() -> None:
    op.create_table(
        "sign_in_events",
        sa.Column("number", number, autoincrement=True, nullable=False),
        sa.Column("principal", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.CheckConstraint(
            "outcome IN ('signed-in', 'copied-passkey')", name=op.f("ck_sign_in_events_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["principal"], ["principals.id"], name=op.f("fk_sign_in_events_principal_principals")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_sign_in_events")),
    )
    op.create_index("ix_sign_in_events_principal", "sign_in_events", ["principal", "number"])
