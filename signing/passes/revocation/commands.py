"""``camtrust pass revoke``: a pass of any institution is revoked on the console."""

from __future__ import annotations

from typing import Protocol

import click

from signing.passes.revocation.reasons import reasons
from signing.passes.revocation.revoking import PassRevocation

_CONSOLE = "console"


class PassParts(Protocol):
    """What revokes."""

    @property
    def revocation(self) -> PassRevocation:
        """Takes passes back."""


class Services(Protocol):
    """What the command asks of the wiring."""

    @property
    def passes(self) -> PassParts:
        """What passes are revoked with."""


@click.command("revoke")
@click.option("--reason", required=True, help="Why: one of the list.")
@click.argument("pass_id", metavar="ID")
@click.pass_context
def revoke_pass(context: click.Context, reason: str, pass_id: str) -> None:
    """Revoke the pass ID for good, for an institution that cannot do it itself."""
    services: Services = context.obj
    revoked = services.passes.revocation.revoke(pass_id, reason, by=_CONSOLE, institution=None)
    click.echo(
        f"Pass {revoked.id} of {revoked.institution} is revoked since "
        f"{revoked.revoked_at:%Y-%m-%d %H:%M} UTC: {reasons()[revoked.reason or reason]}."
    )
