"""The tables of officers and applications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

instant = core.columns.UtcDateTime(timezone=True)
serial_number = core.columns.SerialNumber(length=20)
number = core.columns.BigIdentity


def make_tables() -> None:
    """Make them, what is referred to first."""
    _make_officers()
    _make_applications()
    _index_applications()
    _make_officer_certificates()
    _make_decisions()


def _make_officers() -> None:
    op.create_table(
        "officers",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("enrolled_at", instant, nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint(
            "role IN ('ca-administrator', 'ra-officer', 'auditor', 'service')",
            name=op.f("ck_officers_role"),
        ),
        sa.CheckConstraint(
            "state IN ('active', 'suspended', 'removed')", name=op.f("ck_officers_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officers")),
    )


def _make_applications() -> None:
    op.create_table(
        "applications",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("applicant", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("csr_der", sa.LargeBinary(), nullable=False),
        sa.Column("public_key_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("approvals_needed", sa.Integer(), nullable=False),
        sa.Column("approvals", sa.Integer(), nullable=False),
        sa.Column("submitted_at", instant, nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.Column("decided_at", instant, nullable=True),
        sa.Column("failure", sa.String(length=64), nullable=True),
        sa.Column("authority", sa.String(length=64), nullable=True),
        sa.Column("serial_number", serial_number, nullable=True),
        sa.CheckConstraint(
            "(state = 'failed') = (failure IS NOT NULL)", name=op.f("ck_applications_failed")
        ),
        sa.CheckConstraint(
            "(state = 'issued') = (serial_number IS NOT NULL)", name=op.f("ck_applications_issued")
        ),
        sa.CheckConstraint(
            "state IN ('submitted', 'refused') OR approvals = approvals_needed",
            name=op.f("ck_applications_approved"),
        ),
        sa.CheckConstraint(
            "state IN ('submitted', 'refused', 'approved', 'issued', 'failed')",
            name=op.f("ck_applications_state"),
        ),
        sa.CheckConstraint(
            "approvals BETWEEN 0 AND approvals_needed", name=op.f("ck_applications_approvals")
        ),
        sa.CheckConstraint(
            "approvals_needed BETWEEN 1 AND 2", name=op.f("ck_applications_approvals_needed")
        ),
        sa.ForeignKeyConstraint(
            ["applicant"], ["officers.id"], name=op.f("fk_applications_applicant_officers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applications")),
        sa.UniqueConstraint(
            "authority", "serial_number", name=op.f("uq_applications_authority_serial_number")
        ),
        sa.UniqueConstraint("id", "applicant", name=op.f("uq_applications_id_applicant")),
    )


def _index_applications() -> None:
    for column in ("applicant", "state"):
        op.create_index(f"ix_applications_{column}", "applications", [column, "id"])


def _make_officer_certificates() -> None:
    op.create_table(
        "officer_certificates",
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("serial_number", serial_number, nullable=False),
        sa.Column("officer", sa.String(length=64), nullable=False),
        sa.Column("public_key_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("bound_at", instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["officer"], ["officers.id"], name=op.f("fk_officer_certificates_officer_officers")
        ),
        sa.PrimaryKeyConstraint("authority", "serial_number", name=op.f("pk_officer_certificates")),
        sa.UniqueConstraint(
            "public_key_sha256", name=op.f("uq_officer_certificates_public_key_sha256")
        ),
    )
    op.create_index(
        op.f("ix_officer_certificates_officer"), "officer_certificates", ["officer"], unique=False
    )


def _make_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("application", sa.String(length=32), nullable=False),
        sa.Column("applicant", sa.String(length=64), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_at", instant, nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.CheckConstraint(
            "verdict = 'approved' OR reason IS NOT NULL",
            name=op.f("ck_decisions_refused_with_reason"),
        ),
        sa.CheckConstraint("verdict IN ('approved', 'refused')", name=op.f("ck_decisions_verdict")),
        sa.CheckConstraint("decided_by <> applicant", name=op.f("ck_decisions_not_by_applicant")),
        sa.ForeignKeyConstraint(
            ["application", "applicant"],
            ["applications.id", "applications.applicant"],
            name=op.f("fk_decisions_application_applicant_applications"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["officers.id"], name=op.f("fk_decisions_decided_by_officers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint(
            "application", "decided_by", name=op.f("uq_decisions_application_decided_by")
        ),
    )
