"""The commands of ``camtrust tsa``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ca.authorities import Authorities
from ca.foreign_certificates import read_certificates
from core.errors import Malformed, NotFound, Unavailable
from signing.service_keys.certificates import ServiceCertificate
from signing.service_keys.renewal import ServiceKeyRenewal
from signing.timestamps.authority import TimestampAnswer, TimestampAuthority
from signing.timestamps.definitions import BY_NAME, MAIN
from signing.timestamps.hashes import BY_NAME as HASHES
from signing.timestamps.query import make_query, nonce_of
from signing.timestamps.report import UnitReport, UnitReports
from signing.timestamps.verification import VerifiedTimestamp, verify_timestamp


class Wiring(Protocol):
    """What time-stamps are made with."""

    @property
    def reports(self) -> UnitReports:
        """How units and clock stand."""

    @property
    def renewal(self) -> ServiceKeyRenewal:
        """Certifies units."""


class TimestampServices(Protocol):
    """What these commands ask of the context's object."""

    @property
    def timestamps(self) -> TimestampAuthority:
        """The time-stamping authority."""

    @property
    def timestamp_wiring(self) -> Wiring:
        """What it is made of."""

    @property
    def authorities(self) -> Authorities:
        """The authorities that exist."""


class NoTimestamp(Unavailable):
    """The authority refused; its answer says why."""

    problem = "timestamp-refused"
    title = "There is no time-stamp"


class NoSuccessor(NotFound):
    """The unit has no certificate of this kind."""

    problem = "timestamp-unit-certificate-missing"
    title = "The unit has no such certificate"


class NotCertificates(Malformed):
    """The file holds no certificates as PEM."""

    problem = "not-certificates"
    title = "The file holds no certificates"


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_unit = click.option(
    "--unit",
    type=click.Choice(sorted(BY_NAME)),
    default=MAIN,
    show_default=True,
    help="Who stamps.",
)


@click.group("tsa")
def tsa_commands() -> None:
    """Time-stamps (RFC 3161)."""


@tsa_commands.command("status")
@_json
@click.pass_obj
def status(services: TimestampServices, as_json: bool) -> None:
    """Show who stamps, until when, under which policy, and what the clock relies on."""
    reports = services.timestamp_wiring.reports
    refusal, units = reports.clock_refusal(), reports.units()
    if as_json:
        facts = {
            "policies": list(services.timestamps.policies),
            "clock": {"trusted": refusal is None, "relies_on": reports.clock_words()},
            "units": [_facts(one) for one in units],
        }
        click.echo(json.dumps(facts, indent=2))
        return
    click.echo(f"Policy: {', '.join(services.timestamps.policies)}")
    click.echo(f"Clock: {reports.clock_words() if refusal is None else refusal}")
    for one in units:
        _tell(one)


@tsa_commands.command("request")
@click.argument("file", type=_FILE)
@click.option("--out", required=True, type=_OUT, help="Where the reply goes, such as FILE.tsr.")
@click.option("--query-out", type=_OUT, help="Keep the query as well.")
@click.option(
    "--hash", "hash_algorithm", type=click.Choice(sorted(HASHES)), default="sha256",
    show_default=True, help="The digest that is stamped.",
)  # fmt: skip
@click.option(
    "--certificates/--no-certificates", default=True, help="Have the certificates in the reply."
)
@_unit
@click.pass_obj
def request(
    services: TimestampServices,
    file: Path,
    out: Path,
    query_out: Path | None,
    hash_algorithm: str,
    certificates: bool,
    unit: str,
) -> None:
    """Have FILE stamped by this home, without a server."""
    query = make_query(file.read_bytes(), hash_algorithm, with_certificates=certificates)
    if query_out is not None:
        query_out.write_bytes(query)
    _keep(services.timestamps.answer(query, unit=unit), out)


@tsa_commands.command("answer")
@click.argument("query", type=_FILE)
@click.option("--out", required=True, type=_OUT, help="Where the reply goes.")
@_unit
@click.pass_obj
def answer(services: TimestampServices, query: Path, out: Path, unit: str) -> None:
    """Answer a query, as `openssl ts -query` makes it, without a server."""
    _keep(services.timestamps.answer(query.read_bytes(), unit=unit), out)


@tsa_commands.command("verify")
@click.argument("reply", type=_FILE)
@click.option("--data", required=True, type=_FILE, help="The file that was stamped.")
@click.option("--query", type=_FILE, help="Compare the nonce with this query's.")
@click.option("--trust", type=_FILE, help="Anchors as PEM.  [default: this home's]")
@click.option("--untrusted", type=_FILE, help="Certificates that the reply left out, as PEM.")
@_json
@click.pass_obj
def verify(
    services: TimestampServices,
    reply: Path,
    data: Path,
    query: Path | None,
    trust: Path | None,
    untrusted: Path | None,
    as_json: bool,
) -> None:
    """Verify a time-stamp REPLY, or a token alone; revocation is not looked at."""
    verified = verify_timestamp(
        reply.read_bytes(),
        data=data.read_bytes(),
        nonce=None if query is None else nonce_of(query.read_bytes()),
        anchors=_anchors(services) if trust is None else _certificates(trust),
        others=() if untrusted is None else _certificates(untrusted),
    )
    if as_json:
        click.echo(json.dumps(_verified_facts(verified), indent=2))
        return
    click.echo(f"Stamped at {verified.gen_time.isoformat(timespec='milliseconds')}")
    click.echo(f"by {verified.signer.subject.rfc4514_string()}")
    click.echo(f"under policy {verified.policy}, number {verified.serial_number:x}.")


@tsa_commands.command("renew")
@_json
@click.pass_obj
def renew(services: TimestampServices, as_json: bool) -> None:
    """Certify every unit that is missing or ends soon; the present one signs to its end."""
    renewed = services.timestamp_wiring.renewal.renew_due()
    if as_json:
        click.echo(json.dumps({"renewed": renewed}))
    else:
        click.echo(f"Certified: {', '.join(renewed)}." if renewed else "No unit is due.")


@tsa_commands.command("certificate")
@click.option("--out", required=True, type=_OUT, help="Where it goes, as PEM.")
@click.option("--successor", is_flag=True, help="The one that waits, not the one in use.")
@_unit
@click.pass_obj
def certificate(services: TimestampServices, out: Path, successor: bool, unit: str) -> None:
    """Write a unit's certificate, as CamDX registers it."""
    [report] = [
        one for one in services.timestamp_wiring.reports.units() if one.definition.name == unit
    ]
    held = report.successors if successor else ([report.in_use] if report.in_use else [])
    if not held:
        what = "successor" if successor else "certificate in use"
        raise NoSuccessor(f"The unit {unit} has no {what}.")
    out.write_bytes(held[0].certificate.public_bytes(Encoding.PEM))
    click.echo(f"Written; its key signs from {held[0].begins:%Y-%m-%d} to {held[0].ends:%Y-%m-%d}.")


def _keep(given: TimestampAnswer, out: Path) -> None:
    out.write_bytes(given.response_der)
    if given.failures:
        raise NoTimestamp(given.words, kept=f"The reply, a refusal, is in {out}.")
    click.echo(f"Stamped; the reply is in {out}.")


def _anchors(services: TimestampServices) -> Sequence[x509.Certificate]:
    return [one.certificate for one in services.authorities.all() if one.parent is None]


def _certificates(file: Path) -> Sequence[x509.Certificate]:
    try:
        return read_certificates(file.read_bytes())
    except ValueError:
        raise NotCertificates(f"{file} holds no certificates as PEM.") from None


def _tell(one: UnitReport) -> None:
    name = one.definition.name
    if one.in_use is None:
        click.echo(f"{name}: cannot stamp. {one.refusal}")
        return
    click.echo(f"{name} at {one.definition.path}: signs until {one.in_use.ends:%Y-%m-%d}")
    click.echo(f"  {one.in_use.certificate.subject.rfc4514_string()}")
    for after in one.successors:
        click.echo(f"  a successor waits, which may sign until {after.ends:%Y-%m-%d}")


def _facts(one: UnitReport) -> dict[str, Any]:
    return {
        "unit": one.definition.name,
        "path": one.definition.path,
        "in_use": None if one.in_use is None else _certificate_facts(one.in_use),
        "successors": [_certificate_facts(after) for after in one.successors],
        "refusal": one.refusal,
    }


def _certificate_facts(one: ServiceCertificate) -> dict[str, Any]:
    return {
        "serial_number": f"{one.certificate.serial_number:x}",
        "subject": one.certificate.subject.rfc4514_string(),
        "key_begins": one.begins.isoformat(),
        "key_ends": one.ends.isoformat(),
        "not_after": one.certificate.not_valid_after_utc.isoformat(),
    }


def _verified_facts(verified: VerifiedTimestamp) -> dict[str, Any]:
    return {
        "verified": True,
        "gen_time": verified.gen_time.isoformat(),
        "policy": verified.policy,
        "serial_number": f"{verified.serial_number:x}",
        "hash_algorithm": verified.hash_algorithm,
        "signer": verified.signer.subject.rfc4514_string(),
        "revocation": "not looked at",
    }
