"""The command line of the registration authority: ``camtrust enroll …``.

Officers decide over the API, where they prove who they are; whoever sits at the machine
enrols them and looks on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import click
from cryptography import x509

from core.access import Role
from enrollment.application import ApplicationState
from enrollment.applications import Applications
from enrollment.clients.commands import client_commands
from enrollment.escrow.commands import make_escrow_key
from enrollment.institutions.commands import institution_commands
from enrollment.jurisdiction import Jurisdiction
from enrollment.lists.commands import import_list, print_rejects
from enrollment.messages import profile_view_of, summary_of, view_of
from enrollment.officers import PROFILES, Officer, Officers, OfficerState
from enrollment.profiles import OpenProfiles


class Registration(Protocol):
    """The registration authority, as far as these commands use it."""

    @property
    def officers(self) -> Officers:
        """Who may sign in."""

    @property
    def applications(self) -> Applications:
        """The applications."""

    @property
    def open_profiles(self) -> OpenProfiles:
        """What may be applied for."""


class Services(Protocol):
    """What these commands ask of the context's object."""

    @property
    def registration(self) -> Registration:
        """The registration authority."""


_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_officer = click.argument("officer_id", metavar="ID")
_institution = click.option("--institution", metavar="ID", help="Of this institution alone.")
_certificate = click.option(
    "--certificate",
    "certificate_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The officer's certificate, PEM or DER, issued by us.",
)


@click.group("enroll")
def enroll_commands() -> None:
    """Officers, services and applications for certificates."""


enroll_commands.add_command(make_escrow_key)


@enroll_commands.command("officer")
@_officer
@click.option("--role", required=True, type=click.Choice(list(map(str, PROFILES))))
@_certificate
@_institution
@click.option("--person", metavar="ID", help="The person in office, where they are taken up.")
@click.pass_obj
def add_officer(
    services: Services,
    officer_id: str,
    role: str,
    certificate_file: Path,
    institution: str | None,
    person: str | None,
) -> None:
    """Enrol an officer or a service under the pseudonym ID, with a certificate of ours.

    With --institution they see and decide what is that institution's, and nothing else.
    """
    officer = services.registration.officers.enroll(
        officer_id=officer_id,
        role=Role(role),
        certificate=read_certificate(certificate_file),
        institution=institution,
        person=person,
    )
    click.echo(f"Enrolled {officer.id} as {officer.role} {_of(officer.institution)}.")


@enroll_commands.command("bind")
@_officer
@_certificate
@click.pass_obj
def bind_certificate(services: Services, officer_id: str, certificate_file: Path) -> None:
    """Bind a further certificate to an officer, after a re-key."""
    services.registration.officers.bind(
        officer_id=officer_id, certificate=read_certificate(certificate_file)
    )
    click.echo(f"{officer_id} signs in with this certificate too.")


def _state_command(name: str, state: OfficerState, meaning: str) -> None:
    @enroll_commands.command(name, help=meaning)
    @_officer
    @click.pass_obj
    def change(services: Services, officer_id: str) -> None:
        officer = services.registration.officers.change_state(officer_id=officer_id, state=state)
        click.echo(f"{officer.id} is {officer.state}.")


_state_command("suspend", OfficerState.SUSPENDED, "Let an officer not sign in for a while.")
_state_command("reinstate", OfficerState.ACTIVE, "Let a suspended officer sign in again.")
_state_command("remove", OfficerState.REMOVED, "End an officer's office for good.")


@enroll_commands.command("officers")
@_institution
@_json
@click.pass_obj
def list_officers(services: Services, institution: str | None, as_json: bool) -> None:
    """List everybody who was ever enrolled."""
    found = services.registration.officers.all(within=Jurisdiction(institution))
    rows = [_officer_facts(one) for one in found]
    _print(rows, as_json, "{id}  {role}  {state}  {institution}")


@enroll_commands.command("profiles")
@_json
@click.pass_obj
def list_profiles(services: Services, as_json: bool) -> None:
    """List the kinds of certificates that can be applied for."""
    found = map(profile_view_of, services.registration.open_profiles.all())
    rows = [one.model_dump(mode="json") for one in found]
    _print(rows, as_json, "{name}  {approvals} approvals  {title}")


@enroll_commands.group("list", invoke_without_command=True)
@click.option("--state", type=click.Choice([str(state) for state in ApplicationState]))
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--after", metavar="ID", help="Begin after this application.")
@_institution
@_json
@click.pass_context
def list_applications(
    context: click.Context,
    state: str | None,
    limit: int,
    after: str | None,
    institution: str | None,
    as_json: bool,
) -> None:
    """List applications, newest first, without personal data; or import a list of people."""
    if context.invoked_subcommand is not None:
        return
    services: Services = context.obj
    found = services.registration.applications.page(
        limit=limit,
        after=after,
        states=() if state is None else (ApplicationState(state),),
        within=Jurisdiction(institution),
    )
    rows = [summary_of(one).model_dump(mode="json") for one in found]
    _print(rows, as_json, "{id}  {state}  {profile}  {approvals}/{approvals_needed}")


list_applications.add_command(import_list)
list_applications.add_command(print_rejects)
enroll_commands.add_command(institution_commands)


@enroll_commands.command("show")
@click.argument("application_id", metavar="ID")
@_json
@click.pass_obj
def show_application(services: Services, application_id: str, as_json: bool) -> None:
    """Show an application with its decisions."""
    view = view_of(services.registration.applications.find(application_id))
    facts: dict[str, Any] = view.model_dump(mode="json")
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    for name, value in facts.items():
        click.echo(f"{name:<18} {value}")


def read_certificate(path: Path) -> x509.Certificate:
    """Read a certificate file, PEM or DER; what is neither is wrong usage."""
    octets = path.read_bytes()
    read: Callable[[bytes], x509.Certificate] = (
        x509.load_pem_x509_certificate
        if octets.lstrip().startswith(b"-----BEGIN")
        else x509.load_der_x509_certificate
    )
    try:
        return read(octets)
    except ValueError as error:
        raise click.BadParameter(f"{path} holds no certificate.") from error


def _of(institution: str | None) -> str:
    return "of the nation" if institution is None else f"of {institution}"


def _officer_facts(officer: Officer) -> dict[str, Any]:
    return {
        "id": officer.id,
        "role": str(officer.role),
        "state": str(officer.state),
        "institution": officer.institution,
        "enrolled_at": officer.enrolled_at.isoformat(),
    }


def _print(rows: list[dict[str, Any]], as_json: bool, line: str) -> None:
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo(line.format_map(row))


enroll_commands.add_command(client_commands)
