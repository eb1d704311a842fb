"""Institutions, people and sessions; officers and services become principals among others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns
from camtrust.migrations.people import make_institutions, make_tables

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

instant = core.columns.UtcDateTime(timezone=True)
ROLES = "'ca-administrator', 'ra-officer', 'counter-officer', 'auditor', 'service', 'subscriber'"
STATES = "'submitted', 'returned', 'refused', 'expired', 'approved', 'issued', 'failed'"
UNDECIDED = "'submitted', 'returned', 'refused', 'expired'"


def upgrade() -> None:
    """Make the new tables, and bring the old ones into their new form."""
    make_institutions()
    _make_principals()
    _bind_certificates()
    _make_room_in_decisions()
    _make_room_in_applications()
    _tie_decisions()
    _make_room_in_grants()
    make_tables()


def _make_principals() -> None:
    op.rename_table("officers", "principals")
    with op.batch_alter_table("principals") as table:
        table.add_column(sa.Column("institution", sa.String(64)))
        table.add_column(sa.Column("person", sa.String(64)))
    op.execute("UPDATE principals SET person = id")
    with op.batch_alter_table("principals") as table:
        table.alter_column("person", existing_type=sa.String(64), nullable=False)
        table.drop_constraint(op.f("ck_officers_role"), type_="check")
        table.create_check_constraint(op.f("ck_principals_role"), f"role IN ({ROLES})")
        table.create_unique_constraint(op.f("uq_principals_id_person"), ["id", "person"])
        table.create_foreign_key(
            op.f("fk_principals_institution_institutions"),
            "institutions",
            ["institution"],
            ["id"],
        )
    op.create_index("ix_principals_institution", "principals", ["institution"])
    office = sa.text("role != 'subscriber'")
    op.create_index(
        "uq_principals_office",
        "principals",
        ["person"],
        unique=True,
        sqlite_where=office,
        postgresql_where=office,
    )


def _bind_certificates() -> None:
    op.drop_index("ix_officer_certificates_officer", "officer_certificates")
    op.rename_table("officer_certificates", "principal_certificates")
    with op.batch_alter_table("principal_certificates") as table:
        table.alter_column("officer", new_column_name="principal", existing_type=sa.String(64))
        table.drop_constraint(op.f("uq_officer_certificates_public_key_sha256"), type_="unique")
        table.create_unique_constraint(
            op.f("uq_principal_certificates_public_key_sha256"), ["public_key_sha256"]
        )
    op.create_index("ix_principal_certificates_principal", "principal_certificates", ["principal"])


def _make_room_in_decisions() -> None:
    with op.batch_alter_table("decisions") as table:
        table.drop_constraint(
            op.f("fk_decisions_application_applicant_applications"), type_="foreignkey"
        )
        table.drop_constraint(op.f("fk_decisions_decided_by_officers"), type_="foreignkey")
        table.drop_constraint(op.f("ck_decisions_not_by_applicant"), type_="check")
        table.drop_constraint(op.f("uq_decisions_application_decided_by"), type_="unique")
        table.alter_column(
            "applicant", new_column_name="applicant_person", existing_type=sa.String(64)
        )
        table.add_column(sa.Column("decided_by_person", sa.String(64)))
    op.execute("UPDATE decisions SET decided_by_person = decided_by")


def _make_room_in_applications() -> None:
    with op.batch_alter_table("applications") as table:
        table.add_column(sa.Column("applicant_person", sa.String(64)))
        table.add_column(sa.Column("institution", sa.String(64)))
        table.add_column(sa.Column("bundle", sa.String(32)))
        table.add_column(sa.Column("decide_by", instant))
        table.drop_constraint(op.f("ck_applications_state"), type_="check")
        table.drop_constraint(op.f("ck_applications_approved"), type_="check")
        table.drop_constraint(op.f("uq_applications_id_applicant"), type_="unique")
        table.drop_constraint(op.f("fk_applications_applicant_officers"), type_="foreignkey")
    op.execute("UPDATE applications SET applicant_person = applicant")
    with op.batch_alter_table("applications") as table:
        table.alter_column("applicant_person", existing_type=sa.String(64), nullable=False)
        table.create_check_constraint(op.f("ck_applications_state"), f"state IN ({STATES})")
        table.create_check_constraint(
            op.f("ck_applications_approved"),
            f"state IN ({UNDECIDED}) OR approvals = approvals_needed",
        )
        table.create_unique_constraint(
            op.f("uq_applications_id_applicant_person"), ["id", "applicant_person"]
        )
        table.create_foreign_key(
            op.f("fk_applications_applicant_applicant_person_principals"),
            "principals",
            ["applicant", "applicant_person"],
            ["id", "person"],
        )
        table.create_foreign_key(
            op.f("fk_applications_institution_institutions"),
            "institutions",
            ["institution"],
            ["id"],
        )
    op.create_index("ix_applications_bundle", "applications", ["bundle"])
    op.create_index("ix_applications_institution", "applications", ["institution", "id"])


def _tie_decisions() -> None:
    with op.batch_alter_table("decisions") as table:
        table.alter_column("decided_by_person", existing_type=sa.String(64), nullable=False)
        table.create_foreign_key(
            op.f("fk_decisions_application_applicant_person_applications"),
            "applications",
            ["application", "applicant_person"],
            ["id", "applicant_person"],
        )
        table.create_foreign_key(
            op.f("fk_decisions_decided_by_decided_by_person_principals"),
            "principals",
            ["decided_by", "decided_by_person"],
            ["id", "person"],
        )
        table.create_check_constraint(
            op.f("ck_decisions_not_by_applicant"), "decided_by_person <> applicant_person"
        )
        table.create_unique_constraint(
            op.f("uq_decisions_application_decided_by_person"),
            ["application", "decided_by_person"],
        )


def _make_room_in_grants() -> None:
    with op.batch_alter_table("grants") as table:
        table.add_column(sa.Column("institution", sa.String(64)))
        table.create_foreign_key(
            op.f("fk_grants_institution_institutions"), "institutions", ["institution"], ["id"]
        )
    op.create_index("ix_grants_institution", "grants", ["institution"])
