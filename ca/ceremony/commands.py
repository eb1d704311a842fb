"""The command line of authorities and ceremonies: ``camtrust ca …``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import click
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from ca.authorities import Authorities, Authority
from ca.ceremony.holding import Ceremonies
from ca.ceremony.presenting import approval_file, read_approvals, read_script
from ca.ceremony.printing import grouped, render
from ca.ceremony.transcript import OPENING, StepRecord
from ca.ceremony.verification import Verification, verify_folder
from ca.hierarchy import load_hierarchy
from hsm.keys import KeyStore


class Services(Protocol):
    """What these commands use of what camtrust builds."""

    @property
    def home(self) -> Path:
        """The home directory."""

    @property
    def keys(self) -> KeyStore:
        """The key store."""

    @property
    def authorities(self) -> Authorities:
        """The authorities that exist."""

    @property
    def ceremonies(self) -> Ceremonies:
        """The ceremonies of this home."""


@click.group("ca")
def ca_commands() -> None:
    """Certification authorities and key ceremonies."""


_script = click.argument(
    "script", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE"
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@ca_commands.command("ceremony")
@_script
@click.option("--dry-run", is_flag=True, help="Sign and store nothing; print the transcript.")
@_json
@click.pass_context
def hold_ceremony(ctx: click.Context, script: Path, dry_run: bool, as_json: bool) -> None:
    """Hold the key ceremony of a script, or go on with it where it was interrupted.

    The custodians' approvals lie beside FILE, as FILE's name with .CUSTODIAN.sig for .toml.
    """
    services: Services = ctx.obj
    read = read_script(script)
    approvals, hierarchy = read_approvals(script), load_hierarchy(services.home)
    if dry_run:
        transcript = services.ceremonies.rehearse(read, approvals, hierarchy)
        click.echo(transcript.encode().decode() if as_json else render(transcript), nl=as_json)
        return
    tell = _silently if as_json else _tell
    held = services.ceremonies.hold(read, approvals, hierarchy, tell=tell)
    folder = services.home / "ceremonies" / held.id
    facts = {
        "ceremony": held.id,
        "folder": str(folder),
        "transcript_sha256": held.transcript.sha256,
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    click.echo(f"Ceremony {held.id} is complete. Print and sign {folder / 'transcript.txt'}.")
    click.echo(f"transcript.json  sha256 {grouped(held.transcript.sha256)}")


@ca_commands.command("approve")
@_script
@click.option("--custodian", required=True, help="The office that you are enrolled as.")
@click.option("--key-id", required=True, help="Your key in a token of this home, in hex.")
@click.pass_context
def approve_script(ctx: click.Context, script: Path, custodian: str, key_id: str) -> None:
    """Approve a ceremony script with a custodian's key in one of our tokens.

    Keys elsewhere sign the file with openssl; docs/runbooks/key-ceremony.md says how.
    """
    services: Services = ctx.obj
    read = read_script(script)
    try:
        name = bytes.fromhex(key_id)
    except ValueError as error:
        raise click.BadParameter("not hexadecimal", param_hint="--key-id") from error
    file = approval_file(script, custodian)
    file.write_bytes(services.keys.signing_key(name).sign(read.source))
    click.echo(f"{file}: {custodian} approves {read.id}, script sha256 {grouped(read.sha256)}")


@ca_commands.command("ceremonies")
@_json
@click.pass_context
def list_ceremonies(ctx: click.Context, as_json: bool) -> None:
    """List the ceremonies that were held, and those that were interrupted."""
    services: Services = ctx.obj
    rows: list[dict[str, Any]] = [
        {
            "id": one.id,
            "kind": one.kind,
            "held_at": one.held_at.isoformat(),
            "transcript_sha256": one.transcript.sha256,
        }
        for one in services.ceremonies.all_held()
    ]
    rows += [
        {"id": one.id, "interrupted_after": one.done, "planned": one.planned}
        for one in services.ceremonies.unfinished()
    ]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        if "held_at" in row:
            click.echo(f"{row['id']}  {row['kind']}  {row['held_at']}  {row['transcript_sha256']}")
        else:
            click.echo(
                f"{row['id']}  interrupted after step {row['interrupted_after']} of "
                f"{row['planned']}: run its script again"
            )


@ca_commands.command("list")
@_json
@click.pass_context
def list_authorities(ctx: click.Context, as_json: bool) -> None:
    """List the authorities that exist."""
    services: Services = ctx.obj
    rows = [_summary(one) for one in services.authorities.all()]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        parent = row["parent"] or "(anchor)"
        click.echo(
            f"{row['name']:20} {row['state']:11} {parent:16} until {row['not_after']}  "
            f"{row['subject']}"
        )


@ca_commands.command("show")
@click.argument("name")
@click.option("--chain", is_flag=True, help="Print the chain in PEM, its anchor last.")
@_json
@click.pass_context
def show_authority(ctx: click.Context, name: str, chain: bool, as_json: bool) -> None:
    """Show one authority, with every certificate that it holds."""
    services: Services = ctx.obj
    if chain:
        for certificate in services.authorities.chain(name):
            click.echo(certificate.public_bytes(Encoding.PEM).decode(), nl=False)
        return
    details = _details(services.authorities.authority(name))
    if as_json:
        click.echo(json.dumps(details))
        return
    for fact, value in details.items():
        if isinstance(value, list):
            for one in value:
                click.echo(f"{fact}: " + ", ".join(f"{k} {v}" for k, v in one.items()))
        else:
            click.echo(f"{fact}: {value}")


@ca_commands.command("verify-transcript")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--enrolment",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of the ceremony that put these custodians in office.",
)
@_json
@click.pass_context
def verify_transcript(
    ctx: click.Context, folder: Path, enrolment: Path | None, as_json: bool
) -> None:
    """Check a ceremony's folder again, offline; exit code 1 when a check fails."""
    verification = verify_folder(folder, enrolment=enrolment)
    if as_json:
        click.echo(json.dumps(_verification_facts(verification)))
    else:
        for check in verification.checks:
            click.echo(f"{'ok  ' if check.passed else 'FAIL'}  {check.name:12} {check.detail}")
        click.echo(f"transcript.json  sha256 {grouped(verification.transcript_sha256)}")
        click.echo("Compare this hash with the one on the signed paper.")
    ctx.exit(0 if verification.passed else 1)


def _silently(_step: StepRecord) -> None:
    """Say nothing."""


def _tell(step: StepRecord) -> None:
    if step.number != OPENING:
        subject = step.facts.get("authority") or step.facts.get("subject")
        click.echo(f"step {step.number}: {step.act} {subject} (log entry {step.log_index})")


def _summary(one: Authority) -> dict[str, Any]:
    return {
        "name": one.name,
        "role": one.role,
        "parent": one.parent,
        "state": one.state,
        "subject": one.certificate.subject.rfc4514_string(),
        "not_after": _instant(one.certificate.not_valid_after_utc),
    }


def _details(one: Authority) -> dict[str, Any]:
    held = [("present", one.certificate)]
    held += [("earlier", certificate) for certificate in one.earlier]
    held += [("cross", certificate) for certificate in one.crossed]
    return {
        **_summary(one),
        "key_id": one.key_id.hex(),
        "crl_shards": one.crl_shards,
        "created_at": _instant(one.created_at),
        "certificates": [
            {
                "kind": kind,
                "issuer": certificate.issuer.rfc4514_string(),
                "serial_number": f"{certificate.serial_number:x}",
                "not_before": _instant(certificate.not_valid_before_utc),
                "not_after": _instant(certificate.not_valid_after_utc),
                "sha256": certificate.fingerprint(SHA256()).hex(),
            }
            for kind, certificate in held
        ],
    }


def _verification_facts(verification: Verification) -> Mapping[str, Any]:
    return {
        "ceremony": verification.ceremony,
        "checks": [
            {"name": one.name, "passed": one.passed, "detail": one.detail}
            for one in verification.checks
        ],
        "passed": verification.passed,
        "transcript_sha256": verification.transcript_sha256,
    }


def _instant(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
