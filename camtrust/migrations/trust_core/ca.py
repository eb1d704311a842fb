"""The tables of authorities, certificates, revocations and ceremonies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

instant = core.columns.UtcDateTime(timezone=True)
serial_number = core.columns.SerialNumber(length=20)
number = core.columns.BigIdentity


def make_tables() -> None:
    """Make them, what is referred to first."""
    _make_authorities()
    _make_blocked_keys()
    _make_ceremonies()
    _make_ceremony_steps()
    _make_authority_certificates()
    _make_certificates()
    _index_certificates()
    _make_crls()
    _make_revocations()


def _make_authorities() -> None:
    op.create_table(
        "authorities",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("parent", sa.String(length=64), nullable=True),
        sa.Column("subject_der", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("crl_shards", sa.Integer(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.CheckConstraint(
            "state IN ('active', 'retired', 'terminated')", name=op.f("ck_authorities_state")
        ),
        sa.ForeignKeyConstraint(
            ["parent"], ["authorities.name"], name=op.f("fk_authorities_parent_authorities")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_authorities")),
        sa.UniqueConstraint("key_id", name=op.f("uq_authorities_key_id")),
    )
    op.create_index(op.f("ix_authorities_role"), "authorities", ["role"], unique=False)


def _make_blocked_keys() -> None:
    op.create_table(
        "blocked_keys",
        sa.Column("public_key_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("blocked_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("public_key_sha256", name=op.f("pk_blocked_keys")),
    )


def _make_ceremonies() -> None:
    op.create_table(
        "ceremonies",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("held_at", instant, nullable=False),
        sa.Column("script_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("transcript_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("transcript", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ceremonies")),
    )


def _make_ceremony_steps() -> None:
    op.create_table(
        "ceremony_steps",
        sa.Column("ceremony", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("artefacts", sa.JSON(), nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.PrimaryKeyConstraint("ceremony", "number", name=op.f("pk_ceremony_steps")),
    )


def _make_authority_certificates() -> None:
    op.create_table(
        "authority_certificates",
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("not_after", instant, nullable=False),
        sa.Column("certificate_der", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", instant, nullable=False),
        sa.CheckConstraint(
            "kind IN ('root', 'issued', 'renewed', 'cross')",
            name=op.f("ck_authority_certificates_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["authority"],
            ["authorities.name"],
            name=op.f("fk_authority_certificates_authority_authorities"),
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_authority_certificates")),
    )
    op.create_index(
        op.f("ix_authority_certificates_authority"),
        "authority_certificates",
        ["authority"],
        unique=False,
    )


def _make_certificates() -> None:
    op.create_table(
        "certificates",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("serial_number", serial_number, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("profile_version", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=False),
        sa.Column("reference", sa.String(length=128), nullable=True),
        sa.Column("public_key_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("tbs_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("not_before", instant, nullable=False),
        sa.Column("not_after", instant, nullable=False),
        sa.Column("crl_shard", sa.Integer(), nullable=False),
        sa.Column("reserved_at", instant, nullable=False),
        sa.Column("lease_until", instant, nullable=True),
        sa.Column("issued_at", instant, nullable=True),
        sa.Column("certificate_der", sa.LargeBinary(), nullable=True),
        sa.Column("certificate_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("log_index", number, nullable=True),
        sa.CheckConstraint(
            "state <> 'issued' OR certificate_der IS NOT NULL",
            name=op.f("ck_certificates_issued_has_der"),
        ),
        sa.CheckConstraint(
            "state IN ('reserved', 'issued', 'abandoned', 'replayed')",
            name=op.f("ck_certificates_state"),
        ),
        sa.ForeignKeyConstraint(
            ["authority"], ["authorities.name"], name=op.f("fk_certificates_authority_authorities")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificates")),
        sa.UniqueConstraint(
            "authority", "serial_number", name=op.f("uq_certificates_authority_serial_number")
        ),
    )


def _index_certificates() -> None:
    op.create_index("ix_certificates_holder", "certificates", ["holder", "id"], unique=False)
    op.create_index(
        op.f("ix_certificates_public_key_sha256"),
        "certificates",
        ["public_key_sha256"],
        unique=False,
    )
    op.create_index(
        "ix_certificates_reserved",
        "certificates",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("state = 'reserved'"),
        postgresql_where=sa.text("state = 'reserved'"),
    )
    op.create_index(
        "uq_certificates_reference",
        "certificates",
        ["reference"],
        unique=True,
        sqlite_where=sa.text("state != 'abandoned'"),
        postgresql_where=sa.text("state != 'abandoned'"),
    )


def _make_crls() -> None:
    op.create_table(
        "crls",
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("number", number, autoincrement=False, nullable=False),
        sa.Column("base_number", number, nullable=True),
        sa.Column("this_update", instant, nullable=False),
        sa.Column("next_update", instant, nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("crl_der", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["authority"], ["authorities.name"], name=op.f("fk_crls_authority_authorities")
        ),
        sa.PrimaryKeyConstraint("authority", "shard", "number", name=op.f("pk_crls")),
    )


def _make_revocations() -> None:
    op.create_table(
        "revocations",
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("serial_number", serial_number, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("revoked_at", instant, nullable=False),
        sa.Column("invalidity_date", instant, nullable=True),
        sa.Column("changed_at", instant, nullable=False),
        sa.Column("crl_shard", sa.Integer(), nullable=False),
        sa.Column("not_after", instant, nullable=False),
        sa.Column("stays_after_expiry", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "state IN ('revoked', 'on-hold', 'released')", name=op.f("ck_revocations_state")
        ),
        sa.ForeignKeyConstraint(
            ["authority"], ["authorities.name"], name=op.f("fk_revocations_authority_authorities")
        ),
        sa.PrimaryKeyConstraint("authority", "serial_number", name=op.f("pk_revocations")),
    )
    op.create_index(
        "ix_revocations_shard",
        "revocations",
        ["authority", "crl_shard", "changed_at"],
        unique=False,
    )
