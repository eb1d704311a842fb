"""``camtrust demo``: walk the journey, print a table, leave a report."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from camtrust.demo.journey import JOURNEY
from camtrust.demo.stage import Stage
from core.errors import CamtrustError

FOLDER = Path("var/demo")


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER,
    show_default=True,
    help="Emptied first; everything is left in it.",
)
@click.pass_context
def demo(context: click.Context, folder: Path) -> None:
    """Walk the main journeys on real parts, each step confirmed by another program."""
    stage = Stage(folder)
    stage.prepare()
    console = Console()
    rows: list[dict[str, object]] = []
    try:
        for name, step in JOURNEY:
            console.print(f"[bold]{name}[/bold] …")
            began = time.monotonic()
            try:
                result, passed = step(stage), True
            except CamtrustError as error:
                result, passed = error.detail, False
            seconds = round(time.monotonic() - began, 2)
            rows.append({"step": name, "passed": passed, "result": result, "seconds": seconds})
            if not passed:
                break
    finally:
        stage.stop_service()
    report = {"passed": all(bool(row["passed"]) for row in rows), "steps": rows}
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    console.print(_table(rows))
    console.print(f"Everything is in {folder}.")
    context.exit(0 if report["passed"] else 1)


def _table(rows: list[dict[str, object]]) -> Table:
    table = Table(title="camtrust demo")
    table.add_column("Step")
    table.add_column("")
    table.add_column("What was seen", overflow="fold")
    table.add_column("Seconds", justify="right")
    for row in rows:
        mark = "[green]ok[/green]" if row["passed"] else "[red]failed[/red]"
        table.add_row(str(row["step"]), mark, str(row["result"]), f"{row['seconds']}")
    return table
