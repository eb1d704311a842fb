"""``camtrust enroll institution …``: register, list, suspend, reinstate, close."""

from __future__ import annotations

import json
from typing import Any, Protocol

import click

from enrollment.institutions.institution import (
    Institution,
    InstitutionDetails,
    InstitutionKind,
    InstitutionState,
)
from enrollment.institutions.institutions import Institutions
from enrollment.institutions.messages import view_of_institution


class Subscribers(Protocol):
    """The part of the wiring that keeps institutions."""

    @property
    def institutions(self) -> Institutions:
        """The institutions."""


class Registration(Protocol):
    """The registration authority, as far as these commands use it."""

    @property
    def subscribers(self) -> Subscribers:
        """Institutions and people."""


class Services(Protocol):
    """What these commands ask of the context's object."""

    @property
    def registration(self) -> Registration:
        """The registration authority."""


_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_id = click.argument("institution_id", metavar="ID")


@click.group("institution")
def institution_commands() -> None:
    """Institutions: ministries, administrations, and companies that are members of CamDX."""


@institution_commands.command("add")
@_id
@click.option("--kind", type=click.Choice(list(map(str, InstitutionKind))), required=True)
@click.option("--name-km", required=True, help="The name in Khmer.")
@click.option("--name-latin", required=True, help="The name in Latin letters.")
@click.option("--mail-domain", "mail_domains", multiple=True, help="Of official mail; repeatable.")
@click.option("--registration-identifier", help="NTRKH- or VATKH- and the number.")
@click.option("--member-class", help="Of a member of CamDX.")
@click.option("--member-code", help="Of a member of CamDX.")
@_json
@click.pass_obj
def add_institution(
    services: Services, /, institution_id: str, kind: str, as_json: bool, **details: Any
) -> None:
    """Register an institution under the short name ID, which never changes."""
    made = _institutions(services).register(
        InstitutionDetails(institution_id, InstitutionKind(kind), **details)
    )
    _print([made], as_json)


@institution_commands.command("list")
@_json
@click.pass_obj
def list_institutions(services: Services, as_json: bool) -> None:
    """List every institution."""
    _print(list(_institutions(services).all()), as_json)


def _state_command(name: str, state: InstitutionState, meaning: str) -> None:
    @institution_commands.command(name, help=meaning)
    @_id
    @click.pass_obj
    def change(services: Services, institution_id: str) -> None:
        _print([_institutions(services).change_state(institution_id, state)], False)


_state_command("suspend", InstitutionState.SUSPENDED, "Let nothing new begin for an institution.")
_state_command("reinstate", InstitutionState.ACTIVE, "Let a suspended institution go on.")
_state_command("close", InstitutionState.CLOSED, "Close an institution for good.")


def _institutions(services: Services) -> Institutions:
    return services.registration.subscribers.institutions


def _print(found: list[Institution], as_json: bool) -> None:
    views = [view_of_institution(one).model_dump(mode="json") for one in found]
    if as_json:
        click.echo(json.dumps(views, ensure_ascii=False, indent=2))
        return
    for view in views:
        click.echo("{id}  {kind}  {state}  {name_latin}".format_map(view))
