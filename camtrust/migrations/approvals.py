"""The tables of circulations, as 0025 makes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

instant = core.columns.UtcDateTime(timezone=True)
identity = core.columns.BigIdentity


def make_tables() -> None:
    """Make the tables."""
    _make_approvals()
    _make_participants()
    _make_acts()
    _make_signings()
    _make_deputies()


def _make_approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("requester", sa.String(length=64), nullable=False),
        sa.Column("by_person", sa.Boolean(), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("stamp", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.Column("claim", sa.String(length=64), nullable=True),
        sa.Column("claim_until", instant, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(length=64), nullable=True),
        sa.Column("next_try_at", instant, nullable=True),
        sa.Column("started_at", instant, nullable=False),
        sa.Column("ended_at", instant, nullable=True),
        sa.Column("erased_at", instant, nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint(
            "state IN ('circulating', 'sealing', 'sealed', 'refused', 'cancelled')",
            name=op.f("ck_approvals_state"),
        ),
        sa.CheckConstraint(
            "(state IN ('circulating', 'sealing')) = (ended_at IS NULL)",
            name=op.f("ck_approvals_end"),
        ),
        sa.CheckConstraint(
            "(state = 'sealing') = (next_try_at IS NOT NULL)", name=op.f("ck_approvals_sealing")
        ),
        sa.CheckConstraint(
            "(claim IS NULL) = (claim_until IS NULL)", name=op.f("ck_approvals_claim")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index("ix_approvals_requester", "approvals", ["requester", "id"])
    op.create_index("ix_approvals_institution", "approvals", ["institution", "state"])
    op.create_index("ix_approvals_sealing", "approvals", ["state", "next_try_at"])
    op.create_index("ix_approvals_ended_at", "approvals", ["erased_at", "ended_at"])


def _make_participants() -> None:
    op.create_table(
        "approval_participants",
        sa.Column("approval", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("deadline", instant, nullable=False),
        sa.Column("stamp", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reminded", sa.Integer(), nullable=False),
        sa.Column("overdue_at", instant, nullable=True),
        sa.CheckConstraint(
            "role IN ('sign', 'acknowledge')", name=op.f("ck_approval_participants_role")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'signed', 'acknowledged', 'refused', 'replaced')",
            name=op.f("ck_approval_participants_state"),
        ),
        sa.ForeignKeyConstraint(
            ["approval"],
            ["approvals.id"],
            name=op.f("fk_approval_participants_approval_approvals"),
        ),
        sa.PrimaryKeyConstraint("approval", "number", name=op.f("pk_approval_participants")),
    )
    op.create_index(
        "ix_approval_participants_person",
        "approval_participants",
        ["person", "state", "approval"],
    )
    op.create_index(
        "ix_approval_participants_deadline", "approval_participants", ["state", "deadline"]
    )


def _make_acts() -> None:
    op.create_table(
        "approval_acts",
        sa.Column("approval", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("participant", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(length=64), nullable=True),
        sa.Column("on_behalf_of", sa.String(length=64), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("at", instant, nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", identity, nullable=False),
        sa.ForeignKeyConstraint(
            ["approval"], ["approvals.id"], name=op.f("fk_approval_acts_approval_approvals")
        ),
        sa.PrimaryKeyConstraint("approval", "number", name=op.f("pk_approval_acts")),
    )
    op.create_index("ix_approval_acts_by", "approval_acts", ["by", "approval"])


def _make_signings() -> None:
    op.create_table(
        "approval_signings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("approval", sa.String(length=32), nullable=False),
        sa.Column("participant", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("credential", sa.String(length=32), nullable=False),
        sa.Column("certificate_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("field", sa.String(length=200), nullable=False),
        sa.Column("document_digest", sa.LargeBinary(length=64), nullable=False),
        sa.Column("gap_start", sa.BigInteger(), nullable=False),
        sa.Column("gap_end", sa.BigInteger(), nullable=False),
        sa.Column("to_be_signed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["approval"], ["approvals.id"], name=op.f("fk_approval_signings_approval_approvals")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_signings")),
    )
    for column in ("approval", "expires_at"):
        op.create_index(op.f(f"ix_approval_signings_{column}"), "approval_signings", [column])


def _make_deputies() -> None:
    op.create_table(
        "approval_deputies",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("deputy", sa.String(length=64), nullable=False),
        sa.Column("begins_at", instant, nullable=False),
        sa.Column("ends_at", instant, nullable=False),
        sa.Column("named_at", instant, nullable=False),
        sa.Column("revoked_at", instant, nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", identity, nullable=False),
        sa.CheckConstraint("begins_at < ends_at", name=op.f("ck_approval_deputies_period")),
        sa.CheckConstraint("person <> deputy", name=op.f("ck_approval_deputies_somebody_else")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_deputies")),
    )
    for column in ("person", "deputy"):
        op.create_index(op.f(f"ix_approval_deputies_{column}"), "approval_deputies", [column])
