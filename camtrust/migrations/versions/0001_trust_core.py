"""The trust core: keys, authorities, certificates and their status, officers and applications."""

from __future__ import annotations

from camtrust.migrations.trust_core import ca, core, enrollment, hsm, revocation

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, those of the lower packages first."""
    for tables in (core, hsm, ca, revocation, enrollment):
        tables.make_tables()
