"""``camtrust pass``: what a pass is worth, and passes of our own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import click

from core.clock import Clock
from signing.passes.checking import check_file
from signing.passes.issuing.commands import issue_command, signers_command
from signing.passes.revocation.commands import revoke_pass
from signing.passes.settings import PassSettings
from signing.passes.trust.files import trust_from
from signing.passes.trust.signers import TrustStore
from signing.passes.verdict import Verdict

# Between Khmer words, and within clusters of letters: they move nothing.
_JOINERS = "\N{ZERO WIDTH SPACE}\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"


class PassParts(Protocol):
    """What verifies."""

    @property
    def settings(self) -> PassSettings:
        """The bounds of what is read."""

    @property
    def trust(self) -> TrustStore:
        """Whose signatures count in this home."""


class Services(Protocol):
    """What the commands ask of the wiring."""

    @property
    def clock(self) -> Clock:
        """The time."""

    @property
    def passes(self) -> PassParts:
        """What passes are verified with."""


class _Moment(click.ParamType[datetime]):
    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read an instant as RFC 3339 writes it; without an offset it is in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value} is no time, such as 2026-12-01T08:00:00Z.", param, ctx)


@click.group("pass")
def pass_commands() -> None:
    """Health passes and identity codes: issue, revoke and verify them."""


pass_commands.add_command(issue_command)
pass_commands.add_command(signers_command)
pass_commands.add_command(revoke_pass)


@pass_commands.command("verify")
@click.option(
    "--trust",
    type=click.Path(exists=True, path_type=Path),
    help="Whom to trust in place of this home's own list: certificates, CRLs, JWK sets, trust "
    "lists; a file or a folder.",
)
@click.option("--at", type=_Moment(), help="The time that is asked about.  [default: now]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def verify_pass(
    context: click.Context, trust: Path | None, at: datetime | None, as_json: bool, file: Path
) -> None:
    """Verify the pass in FILE: the text of its code, or a picture or PDF file of it.

    The exit code is 0 when the status is VERIFIED, and 1 otherwise, with the reason. Nothing is
    fetched from anywhere.
    """
    services: Services = context.obj
    store = services.passes.trust if trust is None else trust_from(trust)
    for sentence in store.left_aside:
        click.echo(_printable(f"Left aside: {sentence}"), err=True)
    verdict = check_file(
        file, trust=store, clock=services.clock, settings=services.passes.settings, at=at
    )
    if as_json:
        click.echo(json.dumps(verdict.facts(), ensure_ascii=False, indent=2))
    else:
        for line in _lines(verdict):
            click.echo(_printable(line))
    context.exit(0 if verdict.is_verified else 1)


def _printable(line: str) -> str:
    # A code may claim an issuer whose name moves the cursor of the terminal, or turns it around.
    return "".join(
        one if one.isprintable() or one in _JOINERS else "\N{REPLACEMENT CHARACTER}" for one in line
    )


def _lines(verdict: Verdict) -> Iterator[str]:
    yield verdict.status.value
    for reason in verdict.reasons:
        yield f"  {reason}"
    facts = verdict.facts()
    for name in ("kind", "format", "issuer", "identifier", "issued", "valid_from", "expires"):
        if facts[name] is not None:
            yield f"  {name.replace('_', ' ').capitalize() + ':':<13} {facts[name]}"
    for name, value in (facts["subject"] or {}).items():
        yield f"  {name.replace('_', ' ').capitalize() + ':':<13} {value}"
    if verdict.signer is not None:
        signer = facts["signer"]
        yield f"  Signed by:    {signer['name'] or signer['thumbprint']}"
        yield f"  Trusted by:   {signer['source']}"
    for note in verdict.notes:
        yield f"  Note: {note}"
