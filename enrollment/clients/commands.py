"""``camtrust enroll client …``: register programs at the machine, in an officer's name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

import click

from core.access import Permission, Principal
from core.idempotency import new_act_id
from enrollment.application import Verdict
from enrollment.clients.client import AuthMethod, ClientDetails
from enrollment.clients.clients import Clients
from enrollment.clients.keys import ClientKey, read_keys_in_text
from enrollment.clients.messages import summary_of_client, view_of_client
from enrollment.jurisdiction import NATION
from enrollment.officers import Officers


class Programs(Protocol):
    """What institutions' programs use, as far as these commands need it."""

    @property
    def clients(self) -> Clients:
        """The programs."""


class Registration(Protocol):
    """The registration authority, as far as these commands need it."""

    @property
    def officers(self) -> Officers:
        """In whose name something is done."""

    @property
    def programs(self) -> Programs:
        """The programs."""


class Services(Protocol):
    """What these commands ask of the context's object."""

    @property
    def registration(self) -> Registration:
        """The registration authority."""

    def check_officer(self, officer_id: str) -> None:
        """Refuse a name that belongs to nobody in office."""

    @property
    def clock(self) -> Any:
        """What time it is."""


_by = click.option("--by", "officer_id", required=True, help="The officer who does it.")
_client = click.argument("client_id", metavar="ID")


@click.group("client")
def client_commands() -> None:
    """Programs of institutions that use the API with access tokens."""


@client_commands.command("add")
@click.argument("name")
@click.option("--institution", help="Its short name; without it the program is the nation's.")
@click.option("--scope", "scopes", multiple=True, required=True, help="What it may do.")
@click.option(
    "--key",
    "key_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Public key: PEM, JWK or JWK Set. Without one it proves itself with a certificate.",
)
@_by
@click.pass_obj
def add_client(
    services: Services,
    name: str,
    institution: str | None,
    scopes: tuple[str, ...],
    key_files: tuple[Path, ...],
    officer_id: str,
) -> None:
    """Register the program NAME; with application:submit-many it waits for another officer."""
    keys: list[ClientKey] = [
        key for file in key_files for key in read_keys_in_text(file.read_text(encoding="utf-8"))
    ]
    method = AuthMethod.PRIVATE_KEY_JWT if keys else AuthMethod.TLS_CLIENT_AUTH
    client = services.registration.programs.clients.register(
        ClientDetails(name, institution, method, tuple(map(Permission, scopes))),
        keys,
        by=_officer(services, officer_id),
        client_id=new_act_id(services.clock.now()),
    )
    click.echo(f"Registered {client.id}: {client.state}.")


@client_commands.command("approve")
@_client
@_by
@click.pass_obj
def approve_client(services: Services, client_id: str, officer_id: str) -> None:
    """Approve a program that another officer registered."""
    client = services.registration.programs.clients.decide(
        client_id, Verdict.APPROVED, by=_officer(services, officer_id)
    )
    click.echo(f"{client.id} is {client.state}.")


@client_commands.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_clients(services: Services, limit: int, as_json: bool) -> None:
    """List programs, newest first."""
    found = services.registration.programs.clients.page(NATION, limit=limit)
    rows = [summary_of_client(one).model_dump(mode="json") for one in found]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo("{id}  {state}  {standing}  {institution}  {name}".format_map(row))


@client_commands.command("show")
@_client
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show_client(services: Services, client_id: str, as_json: bool) -> None:
    """Show a program with its keys."""
    view = view_of_client(services.registration.programs.clients.find(client_id))
    facts: dict[str, Any] = view.model_dump(mode="json")
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    for name, value in facts.items():
        click.echo(f"{name:<18} {value}")


def _officer(services: Services, officer_id: str) -> Principal:
    services.check_officer(officer_id)
    return services.registration.officers.find(officer_id).principal
