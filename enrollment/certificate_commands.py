"""``camtrust cert issue``, ``show`` and ``list``: certificates, from the console."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ca.authorities import Authorities
from ca.csr import VerifiedCsr, verify_csr
from ca.issuance import Issuance
from ca.plan import CertificateRequest, FactValue
from ca.profiles import Profiles, profile_named
from ca.register import CertificateRegister, RegisteredCertificate
from ca.revocation.errors import CertificateUnknown
from core.clock import Clock
from core.columns import SERIAL_NUMBER_OCTETS
from core.errors import Forbidden
from enrollment.settings import EnrollmentSettings


class ConsoleIssuanceClosed(Forbidden):
    """In production certificates come from applications that officers decided.

    To certify the first officers, set `console_issuance` in `[enrollment]` for that day.
    """

    problem = "console-issuance-closed"
    title = "Certificates are not issued from the console here"


class CaSection(Protocol):
    """The section ``[ca]``, as far as it is needed here."""

    @property
    def production(self) -> bool:
        """Whether this installation is for real."""


class Settings(Protocol):
    """The settings, as far as they are needed here."""

    @property
    def ca(self) -> CaSection:
        """The section ``[ca]``."""

    @property
    def enrollment(self) -> EnrollmentSettings:
        """The section ``[enrollment]``."""


class Registration(Protocol):
    """The registration authority, as far as it is needed here."""

    @property
    def register(self) -> CertificateRegister:
        """The certificates that exist."""


class Services(Protocol):
    """What these commands ask of the context's object."""

    @property
    def settings(self) -> Settings:
        """The settings."""

    @property
    def clock(self) -> Clock:
        """The clock."""

    @property
    def profiles(self) -> Profiles:
        """The profiles."""

    @property
    def issuance(self) -> Issuance:
        """Issues."""

    @property
    def authorities(self) -> Authorities:
        """The authorities."""

    @property
    def registration(self) -> Registration:
        """The registration authority."""


@click.command("issue")
@click.option("--profile", required=True, help="The kind of certificate.")
@click.option(
    "--csr",
    "csr_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A PKCS #10 request, PEM or DER.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the certificate goes, as PEM.",
)
@click.option(
    "--chain",
    "chain_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where its issuers go, as PEM, up to the root.",
)
@click.option(
    "--set",
    "settings_of_facts",
    multiple=True,
    metavar="NAME=VALUE",
    help="A fact about the subject, over what the request states; again for a second value.",
)
@click.option("--holder", help="Natural key of the subject, such as person:IDCKH-…")
@click.option("--days", type=click.IntRange(1), help="Shorter than the profile's validity.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def issue_certificate(
    services: Services,
    profile: str,
    csr_file: Path,
    out: Path,
    chain_file: Path | None,
    settings_of_facts: tuple[str, ...],
    holder: str | None,
    days: int | None,
    as_json: bool,
) -> None:
    """Issue a certificate at once, without an application. Closed in production."""
    settings = services.settings
    if settings.ca.production and not settings.enrollment.console_issuance:
        raise ConsoleIssuanceClosed("In production, apply for the certificate over the API.")
    csr = verify_csr(csr_file.read_bytes())
    stated = profile_named(services.profiles, profile).facts_in(csr)
    issued = services.issuance.issue(
        CertificateRequest(
            profile=profile,
            csr=csr,
            holder=holder or _holder_of(csr),
            facts=stated | read_facts(settings_of_facts),
            not_after=_after(services.clock.now(), days),
        )
    )
    out.write_bytes(_pem(x509.load_der_x509_certificate(issued.certificate_der)))
    if chain_file is not None:
        chain = services.authorities.chain(issued.authority)
        chain_file.write_bytes(b"".join(map(_pem, chain)))
    facts = {
        "authority": issued.authority,
        "serial_number": f"{issued.serial_number:x}",
        "log_index": issued.log_index,
    }
    if as_json:
        click.echo(json.dumps(facts))
    else:
        click.echo(f"Issued {facts['serial_number']} by {issued.authority}, in {out}.")


@click.command("show")
@click.argument("serial", metavar="SERIAL")
@click.option("--authority", help="Where several have this serial number.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show_certificate(services: Services, serial: str, authority: str | None, as_json: bool) -> None:
    """Show certificates by their serial number in hex, with their standing."""
    found = services.registration.register.find(_serial_number(serial), authority=authority)
    if not found:
        raise CertificateUnknown("No certificate has this serial number.")
    rows = [{**_facts(one), "certificate": _pem_of(one)} for one in found]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        for name, value in row.items():
            click.echo(f"{name:<18} {value}")


@click.command("list")
@click.option("--profile", help="Only certificates of this profile.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--below", type=int, help="Begin below this number, for the next page.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_certificates(
    services: Services, profile: str | None, limit: int, below: int | None, as_json: bool
) -> None:
    """List issued certificates, newest first."""
    found = services.registration.register.page(limit=limit, below=below, profile=profile)
    if as_json:
        click.echo(json.dumps([_facts(one) for one in found], ensure_ascii=False, indent=2))
        return
    for one in found:
        row = _facts(one)
        click.echo("{number}  {serial_number}  {profile}  {standing}".format_map(row))


def read_facts(assignments: Iterable[str]) -> dict[str, FactValue]:
    """Read ``NAME=VALUE`` words; a name that comes again gets several values."""
    facts: dict[str, FactValue] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not (name and equals and value):
            raise click.BadParameter(f"{assignment!r} is not NAME=VALUE.", param_hint="--set")
        before = facts.get(name)
        if before is None:
            facts[name] = value
        else:
            facts[name] = (*((before,) if isinstance(before, str) else before), value)
    return facts


def _holder_of(csr: VerifiedCsr) -> str:
    # Nobody is named, so the key is its own holder: it may be certified again, for nobody else.
    return f"key:{csr.public_key_sha256.hex()}"


def _after(now: datetime, days: int | None) -> datetime | None:
    return None if days is None else now + timedelta(days=days)


def _serial_number(text: str) -> int:
    try:
        number = int(text.replace(":", ""), 16)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no serial number in hex.") from error
    # RFC 5280, Section 4.1.2.2.
    if not 0 < number < 1 << 8 * SERIAL_NUMBER_OCTETS:
        raise click.BadParameter("A serial number is positive and has at most 20 octets.")
    return number


def _facts(held: RegisteredCertificate) -> dict[str, Any]:
    return {
        "number": held.number,
        "authority": held.authority,
        "serial_number": f"{held.serial_number:x}",
        "profile": held.profile,
        "holder": held.holder,
        "not_before": held.not_before.isoformat(),
        "not_after": held.not_after.isoformat(),
        "standing": held.standing,
        "reason": held.reason,
        "revoked_at": None if held.revoked_at is None else held.revoked_at.isoformat(),
        "log_index": held.log_index,
    }


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _pem_of(held: RegisteredCertificate) -> str:
    return _pem(x509.load_der_x509_certificate(held.certificate_der)).decode("ascii")
