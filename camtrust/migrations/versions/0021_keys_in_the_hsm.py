"""A person's signing key may live in the state's HSM."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let bundles name the new home."""
    with op.batch_alter_table("bundle_certificates") as table:
        table.drop_constraint(op.f("ck_bundle_certificates_home"), type_="check")
        table.create_check_constraint(
            op.f("ck_bundle_certificates_home"),
            "home IN ('own-request', 'file', 'browser', 'state-hsm')",
        )
