"""Revocation codes, keys that agree on secrets, and the escrow of mail-encryption keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

instant = core.columns.UtcDateTime(timezone=True)
serial_number = core.columns.SerialNumber(length=20)
number = core.columns.BigIdentity


def upgrade() -> None:
    """Make the tables."""
    _make_revocation_codes()
    _make_agreement_keys()
    _make_escrowed_keys()
    _make_recoveries()
    _make_handovers()
    _make_notices()


def _make_revocation_codes() -> None:
    op.create_table(
        "revocation_codes",
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("serial_number", serial_number, nullable=False),
        sa.Column("code_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("made_at", instant, nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.CheckConstraint("made > 0", name=op.f("ck_revocation_codes_made")),
        sa.PrimaryKeyConstraint("authority", "serial_number", name=op.f("pk_revocation_codes")),
        sa.UniqueConstraint("code_sha256", name=op.f("uq_revocation_codes_code_sha256")),
    )


def _make_agreement_keys() -> None:
    op.create_table(
        "agreement_keys",
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("public_key_der", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_agreement_keys")),
    )
    op.create_index("ix_agreement_keys_name", "agreement_keys", ["name"])


def _make_escrowed_keys() -> None:
    op.create_table(
        "escrowed_keys",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=True),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("public_key_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("escrow_key_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("envelope_der", sa.LargeBinary(), nullable=True),
        sa.Column("consent", sa.String(length=32), nullable=False),
        sa.Column("deposited_at", instant, nullable=False),
        sa.Column("erased_at", instant, nullable=True),
        sa.Column("erased_because", sa.String(length=16), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.CheckConstraint(
            "profile = 'person-mail-encryption'", name=op.f("ck_escrowed_keys_profile")
        ),
        sa.CheckConstraint(
            "(envelope_der IS NULL) = (erased_at IS NOT NULL)", name=op.f("ck_escrowed_keys_erased")
        ),
        sa.CheckConstraint(
            "(erased_at IS NULL) = (erased_because IS NULL)",
            name=op.f("ck_escrowed_keys_erased_because"),
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["principals.id"], name=op.f("fk_escrowed_keys_holder_principals")
        ),
        sa.ForeignKeyConstraint(
            ["institution"],
            ["institutions.id"],
            name=op.f("fk_escrowed_keys_institution_institutions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escrowed_keys")),
        sa.UniqueConstraint(
            "public_key_sha256", "holder", name=op.f("uq_escrowed_keys_public_key_sha256_holder")
        ),
    )
    op.create_index("ix_escrowed_keys_holder", "escrowed_keys", ["holder", "id"])


def _make_recoveries() -> None:
    op.create_table(
        "escrow_recoveries",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("escrowed_key", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(length=64), nullable=False),
        sa.Column("proposed_by_person", sa.String(length=64), nullable=False),
        sa.Column("proposed_at", instant, nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_by_person", sa.String(length=64), nullable=True),
        sa.Column("decided_at", instant, nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", number, nullable=False),
        *_rules_of_recoveries(),
        *_ties_of_recoveries(),
    )
    op.create_index("ix_escrow_recoveries_escrowed_key", "escrow_recoveries", ["escrowed_key"])


def _rules_of_recoveries() -> list[sa.Constraint]:
    rules = {
        "state": "state IN ('proposed', 'refused', 'approved')",
        "two_officers": "decided_by <> proposed_by",
        "two_persons": "decided_by_person <> proposed_by_person",
        "decided": "(state = 'proposed') = (decided_by IS NULL)",
        "decided_by": "(decided_by IS NULL) = (decided_by_person IS NULL)",
        "decided_at": "(decided_by IS NULL) = (decided_at IS NULL)",
        "refused_with_reason": "(state = 'refused') = (refusal IS NOT NULL)",
    }
    return [
        sa.CheckConstraint(rule, name=op.f(f"ck_escrow_recoveries_{name}"))
        for name, rule in rules.items()
    ]


def _ties_of_recoveries() -> list[sa.Constraint]:
    ties: list[sa.Constraint] = [
        sa.ForeignKeyConstraint(
            [who, f"{who}_person"],
            ["principals.id", "principals.person"],
            name=op.f(f"fk_escrow_recoveries_{who}_principals"),
        )
        for who in ("proposed_by", "decided_by")
    ]
    ties += [
        sa.UniqueConstraint("id", who, name=op.f(f"uq_escrow_recoveries_{who}"))
        for who in ("proposed_by", "decided_by")
    ]
    return [
        *ties,
        sa.ForeignKeyConstraint(
            ["escrowed_key"],
            ["escrowed_keys.id"],
            name=op.f("fk_escrow_recoveries_escrowed_key_escrowed_keys"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escrow_recoveries")),
    ]


def _make_handovers() -> None:
    op.create_table(
        "escrow_handovers",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("recovery", sa.String(length=32), nullable=False),
        sa.Column("file_to", sa.String(length=64), nullable=True),
        sa.Column("password_to", sa.String(length=64), nullable=True),
        sa.Column("at", instant, nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.CheckConstraint(
            "(file_to IS NULL) <> (password_to IS NULL)", name=op.f("ck_escrow_handovers_one_part")
        ),
        sa.ForeignKeyConstraint(
            ["recovery", "file_to"],
            ["escrow_recoveries.id", "escrow_recoveries.proposed_by"],
            name=op.f("fk_escrow_handovers_file_to"),
        ),
        sa.ForeignKeyConstraint(
            ["recovery", "password_to"],
            ["escrow_recoveries.id", "escrow_recoveries.decided_by"],
            name=op.f("fk_escrow_handovers_password_to"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escrow_handovers")),
    )
    op.create_index("ix_escrow_handovers_recovery", "escrow_handovers", ["recovery"])


def _make_notices() -> None:
    op.create_table(
        "escrow_notices",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("recovery", sa.String(length=32), nullable=False),
        sa.Column("event", sa.String(length=16), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.CheckConstraint(
            "event IN ('approved', 'file', 'password', 'damaged')",
            name=op.f("ck_escrow_notices_event"),
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["principals.id"], name=op.f("fk_escrow_notices_holder_principals")
        ),
        sa.ForeignKeyConstraint(
            ["recovery"],
            ["escrow_recoveries.id"],
            name=op.f("fk_escrow_notices_recovery_escrow_recoveries"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escrow_notices")),
    )
    op.create_index("ix_escrow_notices_holder", "escrow_notices", ["holder"])
