"""The commands ``camtrust cert revoke``, ``hold`` and ``release``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import click

from ca.revocation.break_glass import BreakGlass
from ca.revocation.errors import BreakGlassRefused
from ca.revocation.jobs import RevocationJob
from ca.revocation.mass import MassRevocation
from ca.revocation.reasons import RevocationReason, parse_reason
from ca.revocation.revocation import Revocation
from ca.revocation.selection import parse_selection
from ca.revocation.standing import RevocationRecord


class RevocationServices(Protocol):
    """What these commands ask of the context's object."""

    @property
    def revocation(self) -> Revocation:
        """Revokes one certificate."""

    @property
    def mass_revocation(self) -> MassRevocation:
        """Revokes many, under two officers."""

    @property
    def break_glass(self) -> BreakGlass:
        """Revokes when officers cannot sign in."""

    def check_officer(self, officer_id: str) -> None:
        """Refuse a name that belongs to no officer in office."""


class SerialNumberParameter(click.ParamType[int]):
    """A serial number in hexadecimal, as every tool prints it; colons may stand between."""

    name = "serial"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the number; a mistake is wrong usage (exit code 2)."""
        digits = value.replace(":", "").lower().removeprefix("0x")
        try:
            number = int(digits, 16)
        except ValueError:
            self.fail("a serial number is written in hexadecimal digits", param, ctx)
        if not 0 < number < 1 << 160:
            # RFC 5280, Section 4.1.2.2.
            self.fail("a serial number is positive and has at most 20 octets", param, ctx)
        return number


@dataclass(frozen=True)
class _Options:
    """What ``camtrust cert revoke`` was given."""

    serial_number: int | None
    reason: str | None
    authority: str | None
    invalidity_date: datetime | None
    filters: tuple[str, ...]
    dry_run: bool
    officer: str | None
    justification: str | None
    approved_job: int | None
    resumed_job: int | None
    withdrawn_job: int | None
    break_glass: bool
    operators: tuple[str, ...]

    def check(self) -> None:
        """Raise UsageError unless exactly one thing is to be done."""
        jobs = (self.approved_job, self.resumed_job, self.withdrawn_job)
        given = [one is not None for one in (self.serial_number, *jobs)]
        if sum([*given, bool(self.filters)]) != 1:
            raise click.UsageError("Give one of SERIAL, --where, --approve, --resume, --withdraw.")

    @property
    def parsed_reason(self) -> RevocationReason:
        return parse_reason(_needed(self.reason, "--reason"))

    @property
    def suspect_since(self) -> datetime | None:
        given = self.invalidity_date
        return None if given is None else given.replace(tzinfo=UTC)


SERIAL_NUMBER = SerialNumberParameter()
_AUTHORITY = click.option("--authority", help="The issuer, where two have the serial number.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command("revoke")
@click.argument("serial_number", metavar="[SERIAL]", type=SERIAL_NUMBER, required=False)
@click.option("--reason", help=f"One of {', '.join(RevocationReason)}.")
@_AUTHORITY
@click.option(
    "--invalidity-date",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"]),
    help="Since when the key is suspect (UTC).",
)
@click.option("--where", "filters", multiple=True, metavar="NAME=VALUE", help="Revoke many.")
@click.option("--dry-run", is_flag=True, help="With --where: only count.")
@click.option("--officer", help="With --where, --approve: who asks, or who approves.")
@click.option("--justification", help="With --where, --break-glass: why, in a sentence.")
@click.option("--approve", "approved_job", type=int, metavar="JOB", help="Approve and run a job.")
@click.option("--resume", "resumed_job", type=int, metavar="JOB", help="Go on with a job.")
@click.option("--withdraw", "withdrawn_job", type=int, metavar="JOB", help="Give a job up.")
@click.option("--break-glass", is_flag=True, help="Officers cannot sign in (local console).")
@click.option("--operator", "operators", multiple=True, help="With --break-glass: twice.")
@_JSON
@click.pass_obj
def revoke(services: RevocationServices, /, as_json: bool, **given: Any) -> None:
    """Revoke a certificate for good; with --where, many at once under two officers.

    One: SERIAL --reason R. Many: --where profile=device ... --dry-run counts; with --reason,
    --officer and --justification it becomes a job, which another officer lets run with
    --approve JOB --officer NAME. Filters: authority, profile, holder, institution,
    issued-from, issued-until, public-key-sha256.
    """
    options = _Options(**given)
    options.check()
    if options.serial_number is not None:
        act = _break_the_glass if options.break_glass else _revoke_one
        _say_record(act(services, options.serial_number, options), as_json)
    elif options.filters and options.dry_run:
        count = services.mass_revocation.count(parse_selection(options.filters))
        _say({"certificates": count}, f"{count} certificates would be revoked.", as_json)
    else:
        _say_job(_revoke_many(services, options), as_json)


@click.command("hold")
@click.argument("serial_number", metavar="SERIAL", type=SERIAL_NUMBER)
@_AUTHORITY
@_JSON
@click.pass_obj
def hold(
    services: RevocationServices, serial_number: int, authority: str | None, as_json: bool
) -> None:
    """Suspend a certificate until it is released or revoked."""
    _say_record(services.revocation.hold(serial_number=serial_number, authority=authority), as_json)


@click.command("release")
@click.argument("serial_number", metavar="SERIAL", type=SERIAL_NUMBER)
@_AUTHORITY
@_JSON
@click.pass_obj
def release(
    services: RevocationServices, serial_number: int, authority: str | None, as_json: bool
) -> None:
    """Take a certificate off hold."""
    _say_record(
        services.revocation.release(serial_number=serial_number, authority=authority), as_json
    )


def _revoke_one(
    services: RevocationServices, serial_number: int, options: _Options
) -> RevocationRecord:
    return services.revocation.revoke(
        serial_number=serial_number,
        reason=options.parsed_reason,
        authority=options.authority,
        invalidity_date=options.suspect_since,
    )


def _revoke_many(services: RevocationServices, options: _Options) -> RevocationJob:
    mass = services.mass_revocation
    if options.withdrawn_job is not None:
        return mass.withdraw(options.withdrawn_job)
    if options.resumed_job is not None:
        return _run(mass, options.resumed_job)
    officer = _needed(options.officer, "--officer")
    services.check_officer(officer)
    if options.approved_job is not None:
        mass.approve(options.approved_job, officer=officer)
        return _run(mass, options.approved_job)
    return mass.propose(
        parse_selection(options.filters),
        reason=options.parsed_reason,
        officer=officer,
        justification=_needed(options.justification, "--justification"),
        invalidity_date=options.suspect_since,
    )


def _break_the_glass(
    services: RevocationServices, serial_number: int, options: _Options
) -> RevocationRecord:
    if not sys.stdin.isatty():
        raise BreakGlassRefused("The glass is broken at the local console, by hand.")
    if len(options.operators) != 2:
        raise BreakGlassRefused("Name both operators: --operator twice.")
    reason, justification = (
        options.parsed_reason,
        _needed(options.justification, "--justification"),
    )
    typed = click.prompt("Both operators agree? Type the serial number again", type=SERIAL_NUMBER)
    if typed != serial_number:
        raise BreakGlassRefused("The two serial numbers differ.", kept="Nothing was revoked.")
    first, second = options.operators
    return services.break_glass.revoke(
        serial_number=serial_number,
        reason=reason,
        operators=(first, second),
        justification=justification,
        authority=options.authority,
    )


def _run(mass: MassRevocation, job_id: int) -> RevocationJob:
    with click.progressbar(length=mass.job(job_id).expected, file=sys.stderr) as bar:
        return mass.run(job_id, report=lambda job: bar.update(job.revoked - bar.pos))


def _needed(value: str | None, option: str) -> str:
    if not value:
        raise click.UsageError(f"This needs {option}.")
    return value


def _say_record(record: RevocationRecord, as_json: bool) -> None:
    facts = {
        "authority": record.authority,
        "reason": str(record.reason),
        "revoked_at": record.revoked_at.isoformat(),
        "serial_number": f"{record.serial_number:x}",
        "standing": str(record.standing),
    }
    text = f"{record.serial_number:x} of {record.authority}: {record.standing} ({record.reason})."
    _say(facts, text, as_json)


def _say_job(job: RevocationJob, as_json: bool) -> None:
    facts = {
        "expected": job.expected,
        "job": job.id,
        "reason": str(job.reason),
        "revoked": job.revoked,
        "state": job.state,
    }
    text = f"Job {job.id}: {job.state}, {job.revoked} of {job.expected} certificates revoked."
    if job.state == "proposed":
        text += f" Another officer approves it: camtrust cert revoke --approve {job.id} --officer …"
    _say(facts, text, as_json)


def _say(facts: Mapping[str, object], text: str, as_json: bool) -> None:
    click.echo(json.dumps(dict(facts), sort_keys=True) if as_json else text)
