"""Mails that wait to be sent, and invitations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

instant = core.columns.UtcDateTime(timezone=True)
number = core.columns.BigIdentity


def upgrade() -> None:
    """Make the tables of mails and of invitations."""
    _make_mails()
    _make_invitations()
    _index_invitations()
    _make_wrong_digits()
    _make_inviting_runs()
    _make_reminder_rounds()


def _make_mails() -> None:
    op.create_table(
        "mails",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("deduplication_key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("put_at", instant, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", instant, nullable=False),
        sa.Column("claim", sa.String(length=32), nullable=True),
        sa.Column("ended_at", instant, nullable=True),
        sa.Column("failure", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'given-up', 'withdrawn')", name=op.f("ck_mails_state")
        ),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name=op.f("ck_mails_ended")),
        sa.CheckConstraint(
            "state <> 'waiting' OR (recipient IS NOT NULL AND body IS NOT NULL)",
            name=op.f("ck_mails_waiting"),
        ),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_mails_tries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint("deduplication_key", name=op.f("uq_mails_deduplication_key")),
    )
    op.create_index("ix_mails_next_try", "mails", ["state", "next_try_at", "id"], unique=False)
    op.create_index("ix_mails_ended_at", "mails", ["state", "ended_at"], unique=False)


def _make_invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("made_at", instant, nullable=False),
        sa.Column("ends_at", instant, nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("slip_number", sa.String(length=6), nullable=True),
        sa.Column("code_mac", sa.LargeBinary(length=32), nullable=True),
        sa.Column("wrong_tries", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(length=16), nullable=True),
        sa.Column("ended_at", instant, nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.CheckConstraint("kind IN ('mail', 'slip')", name=op.f("ck_invitations_kind")),
        sa.CheckConstraint(
            "state IN ('open', 'spent', 'withdrawn', 'replaced', 'expired', 'void')",
            name=op.f("ck_invitations_state"),
        ),
        sa.CheckConstraint(
            "(state = 'open') = (ended_at IS NULL)", name=op.f("ck_invitations_ended")
        ),
        sa.CheckConstraint(
            "(kind = 'slip') = (slip_number IS NOT NULL) AND (kind = 'slip') = "
            "(code_mac IS NOT NULL) AND (kind = 'slip') = (document IS NOT NULL)",
            name=op.f("ck_invitations_slip"),
        ),
        sa.CheckConstraint("wrong_tries BETWEEN 0 AND 5", name=op.f("ck_invitations_wrong_tries")),
        sa.CheckConstraint(
            "wrong_tries < 5 OR state <> 'open'",
            name=op.f("ck_invitations_void_after_wrong_tries"),
        ),
        *_references(
            "invitations", institution="institutions", person="people", made_by="principals"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_invitations_token_sha256")),
    )


def _index_invitations() -> None:
    is_open = sa.text("state = 'open'")
    for name, columns in (
        ("ix_invitations_open", ["institution", "person"]),
        ("ix_invitations_open_slip", ["slip_number"]),
    ):
        op.create_index(
            name,
            "invitations",
            columns,
            unique=True,
            sqlite_where=is_open,
            postgresql_where=is_open,
        )
    op.create_index("ix_invitations_person", "invitations", ["person", "id"], unique=False)
    op.create_index(
        "ix_invitations_institution", "invitations", ["institution", "id"], unique=False
    )


def _make_wrong_digits() -> None:
    op.create_table(
        "wrong_digits",
        sa.Column("hour", instant, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_wrong_digits")),
    )


def _make_inviting_runs() -> None:
    op.create_table(
        "inviting_runs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("requested_by", sa.String(length=64), nullable=False),
        sa.Column("requested_at", instant, nullable=False),
        sa.Column("cursor", sa.String(length=32), nullable=False),
        sa.Column("invited", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("finished_at", instant, nullable=True),
        *_references("inviting_runs", institution="institutions", requested_by="principals"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inviting_runs")),
    )
    at_work = sa.text("finished_at IS NULL")
    op.create_index(
        "ix_inviting_runs_open",
        "inviting_runs",
        ["institution"],
        unique=True,
        sqlite_where=at_work,
        postgresql_where=at_work,
    )


def _make_reminder_rounds() -> None:
    op.create_table(
        "reminder_rounds",
        sa.Column("days", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("not_after", instant, nullable=False),
        sa.Column("number", number, nullable=False),
        sa.PrimaryKeyConstraint("days", name=op.f("pk_reminder_rounds")),
    )


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
        )
        for column, other in columns.items()
    ]
