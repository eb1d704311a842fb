"""The commands of the whole: ``camtrust init``, ``serve`` and ``doctor``."""

from __future__ import annotations

import json

import click

from camtrust.doctor import examine
from camtrust.founding import found
from camtrust.serving.running import run_service
from camtrust.wiring import Services
from core.event_log import set_up_event_log


@click.command()
@click.pass_obj
def init(services: Services) -> None:
    """Make a home: tokens, database, log and, for development, the whole hierarchy.

    Run again, it makes what is missing, migrates the database and changes nothing else. Where
    the settings name tokens of your own, those are used and a key ceremony makes the hierarchy.
    """
    for line in found(services):
        click.echo(line)


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Of the public listener.")
@click.option(
    "--officers-port",
    type=click.IntRange(1, 65535),
    help="Also run nginx with mutual TLS for officers, on this port of localhost.",
)
@click.pass_context
def serve(context: click.Context, port: int | None, officers_port: int | None) -> None:
    """Run the service until it is interrupted."""
    services: Services = context.obj
    set_up_event_log()
    settings = services.settings.serve
    # Said before anything starts: an empty home is the clerk's mistake, not the service's.
    _ = services.database
    services.close()
    click.echo(f"camtrust serves http://localhost:{port or settings.port}", err=True)
    context.exit(run_service(services.home, settings, port=port, officers_port=officers_port))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Examine this home and say what is wrong; exit code 1 if anything is."""
    findings = examine(context.obj)
    if as_json:
        click.echo(json.dumps([one.facts() for one in findings], ensure_ascii=False, indent=2))
    else:
        for one in findings:
            click.echo(f"{one.mark}  {one.part:<12} {one.detail}")
    context.exit(0 if all(one.is_well for one in findings) else 1)
