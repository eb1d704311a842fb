"""What officers work with: rounds of decisions, their acts, and whose each certificate is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

instant = core.columns.UtcDateTime(timezone=True)
number = core.columns.BigIdentity


def upgrade() -> None:
    """Make what officers need."""
    _mark_certificates()
    _make_rounds_of_applications()
    _make_rounds_of_decisions()
    _make_earlier_submissions()
    _make_office_acts()
    _make_counter_visits()


def _mark_certificates() -> None:
    op.add_column("certificates", sa.Column("institution", sa.String(length=64)))
    for column in ("institution", "profile", "not_after", "reserved_at"):
        op.create_index(f"ix_certificates_{column}", "certificates", [column, "id"])


def _make_rounds_of_applications() -> None:
    with op.batch_alter_table("applications") as table:
        table.add_column(sa.Column("round", sa.Integer(), nullable=False, server_default="1"))
        table.add_column(sa.Column("answer", sa.Text()))
        table.add_column(sa.Column("checks", sa.JSON()))
        table.add_column(sa.Column("evidence", sa.JSON()))
        table.create_check_constraint(op.f("ck_applications_round"), "round > 0")
    op.create_index("ix_applications_waiting", "applications", ["institution", "state", "id"])
    op.create_index("ix_applications_decide_by", "applications", ["state", "decide_by"])
    op.create_index("ix_applications_log_index", "applications", ["log_index"])


def _make_rounds_of_decisions() -> None:
    with op.batch_alter_table("decisions") as table:
        table.add_column(sa.Column("round", sa.Integer(), nullable=False, server_default="1"))
        table.drop_constraint(op.f("uq_decisions_application_decided_by_person"), type_="unique")
        table.create_unique_constraint(
            op.f("uq_decisions_application_round_decided_by_person"),
            ["application", "round", "decided_by_person"],
        )
        table.drop_constraint(op.f("ck_decisions_verdict"), type_="check")
        table.create_check_constraint(
            op.f("ck_decisions_verdict"), "verdict IN ('approved', 'refused', 'returned')"
        )
    op.create_index("ix_decisions_decided_by", "decisions", ["decided_by", "log_index"])
    op.create_index("ix_decisions_log_index", "decisions", ["log_index"])


def _make_earlier_submissions() -> None:
    op.create_table(
        "earlier_submissions",
        sa.Column("log_index", number, autoincrement=False, nullable=False),
        sa.Column("application", sa.String(length=32), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("csr_der", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("submitted_at", instant, nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("log_index", name=op.f("pk_earlier_submissions")),
        sa.ForeignKeyConstraint(
            ["application"],
            ["applications.id"],
            name=op.f("fk_earlier_submissions_application_applications"),
        ),
    )
    op.create_index("ix_earlier_submissions_application", "earlier_submissions", ["application"])


def _make_office_acts() -> None:
    op.create_table(
        "office_acts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("officer", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_acts")),
        sa.UniqueConstraint("log_index", name=op.f("uq_office_acts_log_index")),
        sa.ForeignKeyConstraint(
            ["officer"], ["principals.id"], name=op.f("fk_office_acts_officer_principals")
        ),
    )
    op.create_index("ix_office_acts_officer", "office_acts", ["officer", "log_index"])


def _make_counter_visits() -> None:
    op.create_table(
        "counter_visits",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("officer", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("opened_at", instant, nullable=False),
        sa.Column("ends_at", instant, nullable=False),
        sa.CheckConstraint("opened_at < ends_at", name=op.f("ck_counter_visits_ends")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counter_visits")),
        sa.ForeignKeyConstraint(
            ["officer"], ["principals.id"], name=op.f("fk_counter_visits_officer_principals")
        ),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name=op.f("fk_counter_visits_person_people")
        ),
    )
    op.create_index("ix_counter_visits_officer", "counter_visits", ["officer"])
