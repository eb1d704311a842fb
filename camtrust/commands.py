"""The commands of the whole: ``camtrust init`` and ``doctor``."""

from __future__ import annotations

import json

import click

from camtrust.doctor import examine
from camtrust.founding import found
from camtrust.wiring import Services


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
