"""``camtrust publish``."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing

import click

from camtrust.publishing.publisher import Publisher, PublishServices, Tally, destination_of
from core.publishing.destination import open_destination


@click.command()
@click.option("--to", help="A folder or s3://bucket/prefix.  [default: the settings' [publish] to]")
@click.option("--answers", is_flag=True, help="Also the OCSP answers that were signed ahead.")
@click.option(
    "--authority", "authorities", multiple=True, help="Only this authority's; may stand repeatedly."
)
@click.option(
    "--all", "compare_all", is_flag=True, help="Compare all answers, not just those signed lately."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def publish(
    services: PublishServices,
    to: str | None,
    answers: bool,
    authorities: tuple[str, ...],
    compare_all: bool,
    as_json: bool,
) -> None:
    """Write certificates, CRLs and status answers as files.

    Whatever is in place and up to date is left alone; interrupted, run it again. Who may write to
    an object store stands in the environment or in the standard AWS files.
    """
    destination = to or destination_of(services)
    if not destination:
        raise click.UsageError("Name a destination with --to or in the settings.")
    only = frozenset(authorities) or frozenset(services.settings.publish.authorities)
    tally: Tally = Counter()
    with closing(open_destination(destination)) as target:
        publisher = Publisher(services, target, only)
        publisher.publish_lists(tally)
        if answers or services.settings.publish.answers:
            for _ in publisher.publish_answers(tally, compare_all=compare_all):
                pass
        ordered = target.orders_publishers
    _say(destination, tally, ordered, as_json)


def _say(to: str, tally: Tally, ordered: bool, as_json: bool) -> None:
    kinds: dict[str, dict[str, int]] = {}
    for (kind, outcome), count in sorted(tally.items()):
        kinds.setdefault(kind, {})[outcome] = count
    if as_json:
        click.echo(json.dumps({"to": to, "published": kinds, "orders_publishers": ordered}))
        return
    for kind, outcomes in kinds.items():
        said = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
        click.echo(f"{kind}: {said}")
    if not ordered:
        click.echo(
            "This object store ignores conditional writes: let one publisher alone write to it.",
            err=True,
        )
