"""Human-resources lists, their rows, and those who leave them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

import core.columns

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

instant = core.columns.UtcDateTime(timezone=True)
number = core.columns.BigIdentity


def upgrade() -> None:
    """Make the tables of lists."""
    _make_lists()
    _make_files()
    _make_rows()
    _make_leavers()
    _make_departures()


def _make_lists() -> None:
    op.create_table("staff_lists", *_columns(), *_rules(), *_references())
    op.create_index(
        "ix_staff_lists_institution", "staff_lists", ["institution", "id"], unique=False
    )
    op.create_index("ix_staff_lists_state", "staff_lists", ["state", "id"], unique=False)


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("file_name", sa.String(length=128), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("uploaded_by", sa.String(length=64), nullable=True),
        sa.Column("uploaded_by_person", sa.String(length=64), nullable=True),
        sa.Column("uploaded_at", instant, nullable=False),
        sa.Column("problem", sa.String(length=64), nullable=True),
        sa.Column("problem_detail", sa.Text(), nullable=True),
        sa.Column("ignored_columns", sa.JSON(), nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("rows_applied", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("unaccepted", sa.Integer(), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("approved_by", sa.String(length=64), nullable=True),
        sa.Column("approved_by_person", sa.String(length=64), nullable=True),
        sa.Column("applied_by", sa.String(length=64), nullable=True),
        sa.Column("applied_at", instant, nullable=True),
        sa.Column("finished_at", instant, nullable=True),
        sa.Column("forgotten_at", instant, nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", number, nullable=False),
    ]


def _rules() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(
            "(state = 'unreadable') = (problem IS NOT NULL)", name=op.f("ck_staff_lists_unreadable")
        ),
        sa.CheckConstraint(
            "state IN ('reading', 'ready', 'unreadable', 'applying', 'applied', 'withdrawn')",
            name=op.f("ck_staff_lists_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('applying', 'applied') OR gone * 50 <= listed "
            "OR approved_by IS NOT NULL",
            name=op.f("ck_staff_lists_second_officer"),
        ),
        sa.CheckConstraint(
            "(approved_by IS NULL) = (approved_by_person IS NULL)",
            name=op.f("ck_staff_lists_approver_is_somebody"),
        ),
        sa.CheckConstraint(
            "(uploaded_by IS NULL) = (uploaded_by_person IS NULL)",
            name=op.f("ck_staff_lists_uploader_is_somebody"),
        ),
        sa.CheckConstraint("approved_by <> uploaded_by", name=op.f("ck_staff_lists_two_officers")),
        sa.CheckConstraint(
            "approved_by_person <> uploaded_by_person", name=op.f("ck_staff_lists_two_people")
        ),
    ]


def _references() -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["applied_by"], ["principals.id"], name=op.f("fk_staff_lists_applied_by_principals")
        ),
        sa.ForeignKeyConstraint(
            ["approved_by", "approved_by_person"],
            ["principals.id", "principals.person"],
            name=op.f("fk_staff_lists_approved_by_approved_by_person_principals"),
        ),
        sa.ForeignKeyConstraint(
            ["institution"],
            ["institutions.id"],
            name=op.f("fk_staff_lists_institution_institutions"),
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by", "uploaded_by_person"],
            ["principals.id", "principals.person"],
            name=op.f("fk_staff_lists_uploaded_by_uploaded_by_person_principals"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_lists")),
    ]


def _make_files() -> None:
    op.create_table(
        "staff_list_files",
        sa.Column("list_id", sa.String(length=32), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["staff_lists.id"], name=op.f("fk_staff_list_files_list_id_staff_lists")
        ),
        sa.PrimaryKeyConstraint("list_id", name=op.f("pk_staff_list_files")),
    )


def _make_rows() -> None:
    op.create_table(
        "staff_list_rows",
        sa.Column("list_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("proposed", sa.Boolean(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("read_values", sa.JSON(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('new', 'returned', 'changed', 'unchanged', 'rejected')",
            name=op.f("ck_staff_list_rows_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["staff_lists.id"], name=op.f("fk_staff_list_rows_list_id_staff_lists")
        ),
        sa.PrimaryKeyConstraint("list_id", "number", name=op.f("pk_staff_list_rows")),
    )
    op.create_index(
        "ix_staff_list_rows_outcome",
        "staff_list_rows",
        ["list_id", "outcome", "number"],
        unique=False,
    )
    op.create_index(
        "ix_staff_list_rows_person", "staff_list_rows", ["list_id", "person"], unique=False
    )


def _make_leavers() -> None:
    op.create_table(
        "staff_list_leavers",
        sa.Column("list_id", sa.String(length=32), nullable=False),
        sa.Column("employment", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["employment"],
            ["employments.id"],
            name=op.f("fk_staff_list_leavers_employment_employments"),
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["staff_lists.id"], name=op.f("fk_staff_list_leavers_list_id_staff_lists")
        ),
        sa.PrimaryKeyConstraint("list_id", "employment", name=op.f("pk_staff_list_leavers")),
    )


def _make_departures() -> None:
    op.create_table(
        "departures",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("employment", sa.String(length=32), nullable=False),
        sa.Column("list_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("left_at", instant, nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("closed_at", instant, nullable=True),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('waiting', 'holding')) = (closed_at IS NULL)",
            name=op.f("ck_departures_closed"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'returned', 'holding', 'held')", name=op.f("ck_departures_state")
        ),
        sa.ForeignKeyConstraint(
            ["employment"], ["employments.id"], name=op.f("fk_departures_employment_employments")
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["staff_lists.id"], name=op.f("fk_departures_list_id_staff_lists")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departures")),
        sa.UniqueConstraint("employment", "list_id", name=op.f("uq_departures_employment_list_id")),
    )
    op.create_index("ix_departures_due", "departures", ["state", "due_at"], unique=False)
    op.create_index("ix_departures_employment", "departures", ["employment", "state"], unique=False)
