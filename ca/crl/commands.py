"""The commands of ``camtrust crl``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import click

from ca.authorities import Authorities
from ca.crl.crls import Crls
from ca.crl.record import IssuedCrl
from ca.crl.redating import Redating
from core.clock import Clock
from hsm.keys import KeyStore


class CrlServices(Protocol):
    """What these commands ask of the context's object."""

    @property
    def crls(self) -> Crls:
        """Issues CRLs."""

    @property
    def crl_redating(self) -> Redating:
        """Brings scopes back that a clock put ahead."""

    @property
    def keys(self) -> KeyStore:
        """The keys."""

    @property
    def clock(self) -> Clock:
        """The time."""

    @property
    def authorities(self) -> Authorities:
        """The authorities that exist."""


@click.group("crl")
def crl_commands() -> None:
    """Certificate revocation lists."""


@crl_commands.command("issue")
@click.option("--authority", help="Issue this authority's CRLs now, due or not.")
@click.option("--shard", type=click.IntRange(min=0), help="With --authority: this shard alone.")
@click.option("--delta", is_flag=True, help="With --authority: delta CRLs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def issue(
    services: CrlServices, authority: str | None, shard: int | None, delta: bool, as_json: bool
) -> None:
    """Issue the CRLs that are due; with --authority, those of one authority in any case."""
    crls = services.crls
    if authority is None:
        if shard is not None or delta:
            raise click.UsageError("--shard and --delta need --authority.")
        issued = crls.issue_due()
    else:
        count = services.authorities.authority(authority).crl_shards
        shards = range(count) if shard is None else [shard]
        act = crls.issue_delta if delta else crls.issue
        issued = [act(authority, one) for one in shards]
    _say(issued, as_json, nothing="No CRL is due.")


@crl_commands.command("list")
@click.option("--authority", help="Only this authority's.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_crls(services: CrlServices, authority: str | None, as_json: bool) -> None:
    """List the newest CRLs of every scope."""
    _say(services.crls.all(authority), as_json, nothing="No CRL was issued yet.")


@crl_commands.command("show")
@click.argument("authority")
@click.option("--shard", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--delta", is_flag=True, help="The delta CRL.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write its DER.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(
    services: CrlServices,
    authority: str,
    shard: int,
    delta: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Show the newest CRL of a shard, or write it to a file."""
    issued = services.crls.newest(authority, shard, delta=delta)
    if out is not None:
        with out.open("wb") as file:
            file.writelines(issued.content)
    _say([issued], as_json, nothing="")


@crl_commands.command("redate")
@click.option("--authority", help="Only this authority's shards.")
@click.option("--yes", is_flag=True, help="Do not ask: this machine's clock is right.")
@click.pass_obj
def redate(services: CrlServices, authority: str | None, yes: bool) -> None:
    """Bring back shards that a clock which ran ahead has dated in the future."""
    ahead = [one for one in services.crl_redating.ahead() if authority in {None, one.authority}]
    for one in ahead:
        click.echo(f"{one.authority}/{one.shard} is ahead by {one.by}.")
    if not ahead:
        click.echo("No shard is dated in the future.")
        return
    if not yes:
        now = f"{services.clock.now():%Y-%m-%d %H:%M:%S} UTC"
        click.confirm(f"This machine's clock says {now}. Is that right?", abort=True)
    for one in ahead:
        count = services.crl_redating.redate(one.authority, one.shard)
        click.echo(f"{one.authority}/{one.shard}: {count} changes dated now.")
        found = services.authorities.authority(one.authority)
        if found.state != "terminated" and services.keys.is_online(found.key_id):
            _say([services.crls.issue(one.authority, one.shard)], as_json=False, nothing="")
        else:
            click.echo("Its next CRL comes from a ceremony.")


def _say(issued: Sequence[IssuedCrl], as_json: bool, *, nothing: str) -> None:
    if as_json:
        click.echo(json.dumps([_facts(one) for one in issued], sort_keys=True))
        return
    for one in issued:
        click.echo(
            f"{one.authority}/{one.file_name}: number {one.number}, {one.entries} entries, "
            f"holds until {one.next_update:%Y-%m-%d %H:%M} UTC"
        )
    if not issued:
        click.echo(nothing)


def _facts(issued: IssuedCrl) -> dict[str, object]:
    return {
        "authority": issued.authority,
        "base_number": issued.base_number,
        "entries": issued.entries,
        "file": issued.file_name,
        "next_update": issued.next_update.isoformat(),
        "number": issued.number,
        "sha256": issued.sha256.hex(),
        "shard": issued.shard,
        "this_update": issued.this_update.isoformat(),
    }
