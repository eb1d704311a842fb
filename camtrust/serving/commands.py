"""``camtrust serve``.

Beside it stand few imports: what counts is imported when it is known where (``count_in_files``).
"""

from __future__ import annotations

import click

from camtrust.serving.running import run_service
from camtrust.wiring import Services
from core.event_log import set_up_event_log


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
    # A fork may take along neither sessions nor connections.
    services.close()
    click.echo(f"camtrust serves http://localhost:{port or settings.port}", err=True)
    context.exit(run_service(services.home, settings, port=port, officers_port=officers_port))
