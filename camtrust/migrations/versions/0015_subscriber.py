"""People's applications as drafts and bundles, suspensions by holders, and objections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

instant = core.columns.UtcDateTime(timezone=True)
serial_number = core.columns.SerialNumber(length=20)
number = core.columns.BigIdentity


def upgrade() -> None:
    """Make the tables."""
    _let_policy_renew()
    _make_bundles()
    _make_bundle_certificates()
    _make_suspensions()
    _make_objections()


def _let_policy_renew() -> None:
    # A renewal that the policy excepts needs no officer.
    with op.batch_alter_table("applications") as table:
        table.drop_constraint(op.f("ck_applications_approvals_needed"), type_="check")
        table.create_check_constraint(
            op.f("ck_applications_approvals_needed"), "approvals_needed BETWEEN 0 AND 2"
        )


def _make_bundles() -> None:
    op.create_table(
        "bundles",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("listed_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("identity_outcome", sa.String(length=16), nullable=True),
        sa.Column("differing", sa.JSON(), nullable=False),
        sa.Column("checked_at", instant, nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("document_number", sa.String(length=40), nullable=True),
        sa.Column("begun_at", instant, nullable=False),
        sa.Column("submitted_at", instant, nullable=True),
        sa.Column("decide_by", instant, nullable=True),
        *_bundle_rules(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundles")),
    )
    draft = sa.text("state = 'draft'")
    op.create_index(
        "uq_bundles_one_draft",
        "bundles",
        ["person"],
        unique=True,
        sqlite_where=draft,
        postgresql_where=draft,
    )
    op.create_index("ix_bundles_person", "bundles", ["person", "id"], unique=False)


def _bundle_rules() -> list[sa.schema.Constraint]:
    return [
        sa.CheckConstraint(
            "kind IN ('application', 'renewal', 're-key')", name=op.f("ck_bundles_kind")
        ),
        sa.CheckConstraint("state IN ('draft', 'submitted')", name=op.f("ck_bundles_state")),
        sa.CheckConstraint(
            "identity_outcome IN ('matches', 'differs', 'not-found', 'not-checked')",
            name=op.f("ck_bundles_outcome"),
        ),
        sa.CheckConstraint(
            "state = 'draft' OR (listed_sha256 IS NOT NULL AND identity_outcome IS NOT NULL"
            " AND submitted_at IS NOT NULL)",
            name=op.f("ck_bundles_submitted"),
        ),
        sa.CheckConstraint(
            "state = 'draft' OR identity_outcome IN ('matches', 'not-checked')"
            " OR evidence IS NOT NULL",
            name=op.f("ck_bundles_evidence"),
        ),
        sa.ForeignKeyConstraint(
            ["person"], ["principals.id"], name=op.f("fk_bundles_person_principals")
        ),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name=op.f("fk_bundles_institution_institutions")
        ),
    ]


def _make_bundle_certificates() -> None:
    op.create_table(
        "bundle_certificates",
        sa.Column("bundle", sa.String(length=32), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("application", sa.String(length=32), nullable=False),
        sa.Column("home", sa.String(length=16), nullable=True),
        sa.Column("csr_der", sa.LargeBinary(), nullable=True),
        sa.Column("public_key_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("replaces", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "home IN ('own-request', 'file', 'browser')", name=op.f("ck_bundle_certificates_home")
        ),
        sa.CheckConstraint(
            "(home IS NULL) = (csr_der IS NULL) AND (home IS NULL) = (public_key_sha256 IS NULL)",
            name=op.f("ck_bundle_certificates_key"),
        ),
        sa.ForeignKeyConstraint(
            ["bundle"],
            ["bundles.id"],
            name=op.f("fk_bundle_certificates_bundle_bundles"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("bundle", "profile", name=op.f("pk_bundle_certificates")),
        sa.UniqueConstraint("application", name=op.f("uq_bundle_certificates_application")),
        sa.UniqueConstraint(
            "bundle",
            "public_key_sha256",
            name=op.f("uq_bundle_certificates_bundle_public_key_sha256"),
        ),
    )


def _make_suspensions() -> None:
    op.create_table(
        "suspensions",
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("serial_number", serial_number, nullable=False),
        sa.Column("held_at", instant, nullable=False),
        sa.Column("asked_by", sa.String(length=16), nullable=False),
        sa.CheckConstraint("asked_by IN ('holder', 'code')", name=op.f("ck_suspensions_asked_by")),
        sa.PrimaryKeyConstraint(
            "authority", "serial_number", "held_at", name=op.f("pk_suspensions")
        ),
    )


def _make_objections() -> None:
    op.create_table(
        "objections",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("application", sa.String(length=32), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("document_number", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("raised_at", instant, nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("overdue_at", instant, nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.String(length=64), nullable=True),
        sa.Column("answered_by_person", sa.String(length=64), nullable=True),
        sa.Column("answered_at", instant, nullable=True),
        *_objection_rules(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objections")),
    )
    op.create_index("ix_objections_person", "objections", ["person", "id"], unique=False)
    op.create_index(
        "ix_objections_open", "objections", ["institution", "state", "due_at"], unique=False
    )


def _objection_rules() -> list[sa.schema.Constraint]:
    return [
        sa.CheckConstraint(
            "about IN ('listed-data', 'identity-check', 'refusal', 'suspension', 'certificate')",
            name=op.f("ck_objections_about"),
        ),
        sa.CheckConstraint("state IN ('open', 'answered')", name=op.f("ck_objections_state")),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'rejected')", name=op.f("ck_objections_outcome")
        ),
        sa.CheckConstraint(
            "(state = 'answered') = (outcome IS NOT NULL AND answer IS NOT NULL"
            " AND answered_by IS NOT NULL AND answered_at IS NOT NULL)",
            name=op.f("ck_objections_answered"),
        ),
        sa.CheckConstraint(
            "(answered_by IS NULL) = (answered_by_person IS NULL)",
            name=op.f("ck_objections_answered_by"),
        ),
        sa.CheckConstraint(
            "answered_by_person <> person", name=op.f("ck_objections_not_by_objector")
        ),
        sa.ForeignKeyConstraint(
            ["person"], ["principals.id"], name=op.f("fk_objections_person_principals")
        ),
        sa.ForeignKeyConstraint(
            ["institution"],
            ["institutions.id"],
            name=op.f("fk_objections_institution_institutions"),
        ),
        sa.ForeignKeyConstraint(
            ["answered_by", "answered_by_person"],
            ["principals.id", "principals.person"],
            name=op.f("fk_objections_answered_by_principals"),
        ),
    ]
