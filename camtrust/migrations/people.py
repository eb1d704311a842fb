"""The tables of institutions, people and sessions; revision 0007 makes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

instant = core.columns.UtcDateTime(timezone=True)
number = core.columns.BigIdentity


def make_institutions() -> None:
    """Make the table of institutions, which others refer to."""
    op.create_table(
        "institutions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name_km", sa.Text(), nullable=False),
        sa.Column("name_latin", sa.Text(), nullable=False),
        sa.Column("registration_identifier", sa.String(length=64), nullable=True),
        sa.Column("mail_domains", sa.JSON(), nullable=False),
        sa.Column("member_class", sa.String(length=16), nullable=True),
        sa.Column("member_code", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("registered_at", instant, nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.CheckConstraint(
            "kind IN ('ministry', 'administration', 'company')", name=op.f("ck_institutions_kind")
        ),
        sa.CheckConstraint(
            "state IN ('active', 'suspended', 'closed')", name=op.f("ck_institutions_state")
        ),
        sa.CheckConstraint(
            "(member_class IS NULL) = (member_code IS NULL)", name=op.f("ck_institutions_member")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institutions")),
        sa.UniqueConstraint(
            "registration_identifier", name=op.f("uq_institutions_registration_identifier")
        ),
    )


def make_tables() -> None:
    """Make the others, what is referred to first."""
    _make_people()
    _make_identifiers()
    _make_employments()
    _make_sessions()


def _make_people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("surname_km", sa.Text(), nullable=True),
        sa.Column("given_name_km", sa.Text(), nullable=True),
        sa.Column("surname_latin", sa.Text(), nullable=True),
        sa.Column("given_name_latin", sa.Text(), nullable=True),
        sa.Column("sex", sa.String(length=1), nullable=True),
        sa.Column("date_of_birth", sa.String(length=10), nullable=True),
        sa.Column("nationality", sa.String(length=2), nullable=True),
        sa.Column("added_at", instant, nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint(
            "COALESCE(surname_km, given_name_km, surname_latin, given_name_latin) IS NOT NULL",
            name=op.f("ck_people_has_a_name"),
        ),
        sa.CheckConstraint("sex IN ('F', 'M', 'X')", name=op.f("ck_people_sex")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )


def _make_identifiers() -> None:
    op.create_table(
        "person_identifiers",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('national-id', 'passport', 'residence-card')",
            name=op.f("ck_person_identifiers_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name=op.f("fk_person_identifiers_person_people")
        ),
        sa.PrimaryKeyConstraint("kind", "country", "number", name=op.f("pk_person_identifiers")),
    )
    op.create_index("ix_person_identifiers_person", "person_identifiers", ["person"])


def _make_employments() -> None:
    op.create_table(
        "employments",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("staff_number", sa.String(length=64), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("title_km", sa.Text(), nullable=True),
        sa.Column("title_latin", sa.Text(), nullable=True),
        sa.Column("official_mail", sa.String(length=254), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("listed_at", instant, nullable=False),
        sa.Column("left_at", instant, nullable=True),
        sa.CheckConstraint("state IN ('listed', 'left')", name=op.f("ck_employments_state")),
        sa.CheckConstraint(
            "(state = 'left') = (left_at IS NOT NULL)", name=op.f("ck_employments_left_since")
        ),
        sa.ForeignKeyConstraint(
            ["institution"],
            ["institutions.id"],
            name=op.f("fk_employments_institution_institutions"),
        ),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name=op.f("fk_employments_person_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employments")),
        sa.UniqueConstraint(
            "institution", "person", name=op.f("uq_employments_institution_person")
        ),
        sa.UniqueConstraint(
            "institution", "staff_number", name=op.f("uq_employments_institution_staff_number")
        ),
    )
    for name, columns in (
        ("institution", ["institution", "state"]),
        ("official_mail", ["official_mail"]),
        ("person", ["person"]),
    ):
        op.create_index(f"ix_employments_{name}", "employments", columns)


def _make_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("principal", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("opened_at", instant, nullable=False),
        sa.Column("used_at", instant, nullable=False),
        sa.Column("ends_at", instant, nullable=False),
        sa.Column("shared_computer", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "method IN ('passkey', 'oidc', 'certificate', 'invitation', 'slip')",
            name=op.f("ck_sessions_method"),
        ),
        sa.ForeignKeyConstraint(
            ["principal"], ["principals.id"], name=op.f("fk_sessions_principal_principals")
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_sessions")),
    )
    for column in ("ends_at", "principal"):
        op.create_index(f"ix_sessions_{column}", "sessions", [column])
