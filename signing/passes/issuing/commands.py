"""``camtrust pass issue`` and ``camtrust pass signers``: passes at the console."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import click
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import ValidationError

from core.access import Principal, Role
from core.clock import Clock
from core.errors import Malformed
from core.idempotency import new_act_id
from signing.passes.issuing.errors import UNISSUED
from signing.passes.issuing.issuing import PassIssuing, WantedPass
from signing.passes.issuing.messages import view_of_pass
from signing.passes.issuing.pictures import PictureFormat, picture
from signing.passes.issuing.records import PassRecord
from signing.passes.issuing.signers import SIGNERS, DocumentSigners
from signing.service_keys.renewal import ServiceKeyRenewal

OPERATOR = "operator"
_MOST_FAULTS = 5


class IssuingParts(Protocol):
    """What issues."""

    @property
    def issuing(self) -> PassIssuing:
        """Issues passes."""

    @property
    def signers(self) -> DocumentSigners:
        """Who signs them."""

    @property
    def renewal(self) -> ServiceKeyRenewal:
        """Certifies who signs."""


class Services(Protocol):
    """What the commands ask of the wiring."""

    @property
    def clock(self) -> Clock:
        """The time."""

    @property
    def passes(self) -> IssuingParts:
        """What passes are issued with."""


class RecordUnreadable(Malformed):
    """The file is no record."""

    problem = "pass-record-unreadable"
    title = "The record cannot be read"


@click.command("issue")
@click.option("--type", "type_name", required=True, help="The type of the pass, such as test.")
@click.option("--institution", required=True, help="The institution that issues it.")
@click.option("--reference", help="The institution's own name of the record.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for the texts and pictures of the codes, KIND.txt and KIND.png.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def issue_command(
    services: Services,
    type_name: str,
    institution: str,
    reference: str | None,
    out: Path | None,
    as_json: bool,
    file: Path,
) -> None:
    """Issue a pass from the record in FILE, as `POST /passes/v1/passes` takes it."""
    wanted = WantedPass(new_act_id(services.clock.now()), type_name, _record(file), reference)
    by = Principal(OPERATOR, Role.CA_ADMINISTRATOR, institution=institution)
    issued = services.passes.issuing.issue(wanted, by=by)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for kind, text in issued.codes.items():
            (out / f"{kind.value}.txt").write_text(text, encoding="utf-8")
            (out / f"{kind.value}.png").write_bytes(picture(kind, text, PictureFormat.PNG))
    if as_json:
        click.echo(json.dumps(view_of_pass(issued).model_dump(mode="json"), ensure_ascii=False))
        return
    click.echo(f"{issued.type} {issued.id}: {issued.certificate_id}")
    click.echo(f"  It counts until {issued.expires_at:%Y-%m-%d %H:%M} UTC.")
    for kind, text in issued.codes.items():
        click.echo(f"  {kind.value}: {text}")


@click.command("signers")
@click.option("--renew", is_flag=True, help="First certify those that are due.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for their certificates, NAME.pem.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def signers_command(services: Services, renew: bool, out: Path | None, as_json: bool) -> None:
    """Show who signs passes: certificates in use, and those that wait."""
    if renew:
        services.passes.renewal.renew_due()
    found = [fact for one in SIGNERS for fact in _facts(services.passes.signers, one.name)]
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for one in SIGNERS:
            certificates = [held.certificate for held in services.passes.signers.all(one.name)]
            pem = b"".join(held.public_bytes(Encoding.PEM) for held in certificates)
            (out / f"{one.name}.pem").write_bytes(pem)
    if as_json:
        click.echo(json.dumps({"signers": found}, indent=2))
        return
    for fact in found:
        click.echo(f"{fact['name']}: {fact['subject']}")
        click.echo(f"  signs from {fact['signs_from'][:10]} until {fact['signs_until'][:10]}")


def _facts(signers: DocumentSigners, name: str) -> Sequence[dict[str, Any]]:
    return [
        {
            "name": name,
            "subject": one.certificate.subject.rfc4514_string(),
            "signs_from": one.begins.isoformat(),
            "signs_until": one.ends.isoformat(),
            "valid_until": one.certificate.not_valid_after_utc.isoformat(),
        }
        for one in signers.all(name)
    ]


def _record(file: Path) -> PassRecord:
    try:
        return PassRecord.model_validate_json(file.read_bytes())
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        said = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in faults[:_MOST_FAULTS]]
        raise RecordUnreadable(f"{file}: {'; '.join(said)}.", kept=UNISSUED) from None
