"""The commands of ``camtrust ocsp``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

import click

from ca.authorities import Authorities
from ca.revocation.status import StatusDirectory
from core.clock import Clock
from core.errors import Unavailable
from ocsp.ahead.commands import sign_ahead, stored
from ocsp.identities import holder_of
from ocsp.renewal import ResponderRenewal
from ocsp.responder import StatusResponder
from ocsp.response import ResponseStatus
from ocsp.stored.commands import compact_command


class OcspServices(Protocol):
    """What these commands ask of the context's object."""

    @property
    def ocsp(self) -> StatusResponder:
        """Answers for certificates' status."""

    @property
    def responder_renewal(self) -> ResponderRenewal:
        """Renews the responders' certificates."""

    @property
    def authorities(self) -> Authorities:
        """The authorities that exist."""

    @property
    def statuses(self) -> StatusDirectory:
        """What is known of certificates' standing."""

    @property
    def clock(self) -> Clock:
        """The clock."""


class NoAnswer(Unavailable):
    """The responder gave one of OCSP's errors."""

    problem = "ocsp-no-answer"
    title = "The responder gives no answer"


@click.group("ocsp")
def ocsp_commands() -> None:
    """Certificate status online."""


ocsp_commands.add_command(sign_ahead)
ocsp_commands.add_command(stored)
ocsp_commands.add_command(compact_command)


@ocsp_commands.command("renew")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def renew(services: OcspServices, as_json: bool) -> None:
    """Certify anew every responder that runs out within a week."""
    renewed = services.responder_renewal.renew_due()
    if as_json:
        click.echo(json.dumps({"renewed": renewed}))
    else:
        click.echo(f"Renewed: {', '.join(renewed)}." if renewed else "No responder is due.")


@ocsp_commands.command("responders")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def responders(services: OcspServices, as_json: bool) -> None:
    """List who answers for each authority, and until when."""
    now = services.clock.now()
    found = {
        one.name: [
            {"not_after": held.not_after.isoformat(), "serial_number": f"{held.serial_number:x}"}
            for held in services.statuses.good_certificates_of(holder_of(one.name), at=now)
        ]
        for one in services.authorities.all()
    }
    if as_json:
        click.echo(json.dumps(found, sort_keys=True))
        return
    for name, delegates in found.items():
        until = ", ".join(one["not_after"] for one in delegates) or "nobody"
        click.echo(f"{name}: {until}")


@ocsp_commands.command("answer")
@click.argument("request_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The response."
)
@click.pass_obj
def answer(services: OcspServices, request_file: Path, out: Path) -> None:
    """Answer a request in DER, as `openssl ocsp -reqout` writes it, without a server."""
    given = services.ocsp.answer(request_file.read_bytes())
    out.write_bytes(given.der)
    if given.status is not ResponseStatus.SUCCESSFUL:
        words = given.status.name.lower().replace("_", " ")
        raise NoAnswer(f"The responder answers: {words}.", kept=f"The response is in {out}.")
    click.echo(f"Answered; holds until {given.next_update:%Y-%m-%d %H:%M} UTC.")
