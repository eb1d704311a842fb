"""``camtrust documents approvals``: circulations that have not ended, their seals and their end."""

from __future__ import annotations

import json
from typing import Protocol

import click

from signing.approval.approval import Approval
from signing.approval.changing import Changing
from signing.approval.sealing import Sealing
from signing.approval.sight import Sight


class ApprovalParts(Protocol):
    """What the commands work with."""

    @property
    def sight(self) -> Sight:
        """Who sees what."""

    @property
    def sealing(self) -> Sealing:
        """Seals."""

    @property
    def changing(self) -> Changing:
        """Ends circulations."""


class Services(Protocol):
    """What the commands ask of the wiring."""

    @property
    def approval(self) -> ApprovalParts:
        """Circulations."""


@click.group("approvals")
def approval_commands() -> None:
    """Documents that are sent round among signers."""


@approval_commands.command("list")
@click.option("--institution", help="Those of one institution alone.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_approvals(services: Services, institution: str | None, as_json: bool) -> None:
    """List the circulations that have not ended, oldest first; titles and people stay hidden."""
    found = [_facts(one) for one in services.approval.sight.open(institution)]
    if as_json:
        click.echo(json.dumps(found))
        return
    for facts in found:
        click.echo("  ".join(f"{value}" for value in facts.values() if value is not None))


@approval_commands.command("seal")
@click.pass_obj
def seal_approvals(services: Services) -> None:
    """Seal at once what waits for its seal, whenever it would be tried again."""
    waiting = services.approval.sealing.retry_all()
    sealed = services.approval.sealing.go_on()
    click.echo(f"{sealed} of {waiting} sealed.")
    if sealed < waiting:
        raise click.exceptions.Exit(1)


@approval_commands.command("cancel")
@click.argument("approval_id", metavar="ID")
@click.option("--reason", required=True, help="Why; all whom it has reached read it.")
@click.pass_obj
def cancel_approval(services: Services, approval_id: str, reason: str) -> None:
    """End a circulation, such as one whose requester left; its signatures stay in the document."""
    services.approval.changing.cancel_at_the_console(approval_id, reason=reason)
    click.echo("Cancelled: its page says so, with the reason.")


def _facts(one: Approval) -> dict[str, object]:
    waiting = [person for person in one.participants if one.is_turn_of(person)]
    return {
        "id": one.id,
        "institution": one.institution,
        "state": str(one.state),
        "step": one.step,
        "waiting": len(waiting),
        "overdue": sum(person.overdue_at is not None for person in waiting),
        "trouble": one.trouble,
        "next_try_at": None if one.next_try_at is None else one.next_try_at.isoformat(),
    }
