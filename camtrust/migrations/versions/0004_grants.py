"""Grants by which machines enrol, and the MAC keys that their secrets are derived with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

instant = core.columns.UtcDateTime(timezone=True)
serial_number = core.columns.SerialNumber(length=20)
number = core.columns.BigIdentity


def upgrade() -> None:
    """Make the tables of grants and of MAC keys."""
    _make_mac_keys()
    _make_grants()
    _make_decisions()
    _make_uses()


def _make_mac_keys() -> None:
    op.create_table(
        "mac_keys",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("mac_key_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mac_keys")),
        sa.UniqueConstraint("mac_key_id", name=op.f("uq_mac_keys_mac_key_id")),
    )


def _make_grants() -> None:
    op.create_table(
        "grants",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("proposed_by", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("protocol", sa.String(length=8), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("dns_names", sa.JSON(), nullable=False),
        sa.Column("preauthorized", sa.JSON(), nullable=False),
        sa.Column("certificates_allowed", sa.Integer(), nullable=False),
        sa.Column("certificates_used", sa.Integer(), nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.Column("approvals_needed", sa.Integer(), nullable=False),
        sa.Column("approvals", sa.Integer(), nullable=False),
        sa.Column("proposed_at", instant, nullable=False),
        sa.Column("decided_at", instant, nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.CheckConstraint("protocol IN ('acme', 'est', 'cmp')", name=op.f("ck_grants_protocol")),
        sa.CheckConstraint(
            "state <> 'active' OR approvals = approvals_needed", name=op.f("ck_grants_active")
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'active', 'refused', 'withdrawn')", name=op.f("ck_grants_state")
        ),
        sa.CheckConstraint(
            "approvals BETWEEN 0 AND approvals_needed", name=op.f("ck_grants_approvals")
        ),
        sa.CheckConstraint(
            "approvals_needed BETWEEN 1 AND 2", name=op.f("ck_grants_approvals_needed")
        ),
        sa.CheckConstraint("certificates_allowed > 0", name=op.f("ck_grants_certificates_allowed")),
        sa.CheckConstraint(
            "certificates_used BETWEEN 0 AND certificates_allowed",
            name=op.f("ck_grants_certificates_used"),
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["officers.id"], name=op.f("fk_grants_proposed_by_officers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("id", "proposed_by", name=op.f("uq_grants_id_proposed_by")),
    )
    op.create_index("ix_grants_state", "grants", ["state", "id"], unique=False)


def _make_decisions() -> None:
    op.create_table(
        "grant_decisions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("grant_id", sa.String(length=32), nullable=False),
        sa.Column("proposed_by", sa.String(length=64), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_at", instant, nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", number, nullable=False),
        sa.CheckConstraint(
            "verdict = 'approved' OR reason IS NOT NULL",
            name=op.f("ck_grant_decisions_refused_with_reason"),
        ),
        sa.CheckConstraint(
            "verdict IN ('approved', 'refused')", name=op.f("ck_grant_decisions_verdict")
        ),
        sa.CheckConstraint(
            "decided_by <> proposed_by", name=op.f("ck_grant_decisions_not_by_proposer")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["officers.id"], name=op.f("fk_grant_decisions_decided_by_officers")
        ),
        sa.ForeignKeyConstraint(
            ["grant_id", "proposed_by"],
            ["grants.id", "grants.proposed_by"],
            name=op.f("fk_grant_decisions_grant_id_proposed_by_grants"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant_decisions")),
        sa.UniqueConstraint(
            "grant_id", "decided_by", name=op.f("uq_grant_decisions_grant_id_decided_by")
        ),
    )


def _make_uses() -> None:
    op.create_table(
        "grant_uses",
        sa.Column("grant_id", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("taken_at", instant, nullable=False),
        sa.Column("authority", sa.String(length=64), nullable=True),
        sa.Column("serial_number", serial_number, nullable=True),
        sa.CheckConstraint(
            "(authority IS NULL) = (serial_number IS NULL)", name=op.f("ck_grant_uses_certificate")
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.id"], name=op.f("fk_grant_uses_grant_id_grants")
        ),
        sa.PrimaryKeyConstraint("grant_id", "reference", name=op.f("pk_grant_uses")),
        sa.UniqueConstraint(
            "authority", "serial_number", name=op.f("uq_grant_uses_authority_serial_number")
        ),
    )
