"""``camtrust enroll list import`` and ``rejects``: lists from the machine itself.

Whoever sits at the machine is no officer: what drops many people still waits for one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from core.clock import Clock
from core.idempotency import new_act_id
from enrollment.jurisdiction import NATION
from enrollment.lists.errors import ListUnreadable
from enrollment.lists.list_office import ListOffice
from enrollment.lists.messages import view_of_list, view_of_row
from enrollment.lists.rejects import rejects_csv
from enrollment.lists.staff_list import ListState, Outcome, StaffList, StoredRow
from enrollment.lists.staff_lists import Upload

# How many rows with findings are printed; the pages show the rest.
ROWS_PRINTED = 50
ROWS_AT_ONCE = 1_000


class StaffListWiring(Protocol):
    """The wired lists."""

    @property
    def office(self) -> ListOffice:
        """Everything about lists."""


class Registration(Protocol):
    """The registration authority, as far as these commands use it."""

    @property
    def staff_lists(self) -> StaffListWiring:
        """The lists."""


class Services(Protocol):
    """What these commands ask of the context's object."""

    @property
    def clock(self) -> Clock:
        """The clock."""

    @property
    def registration(self) -> Registration:
        """The registration authority."""


_file = click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE"
)


@click.command("import")
@_file
@click.option("--institution", required=True, metavar="ID", help="Whose list it is.")
@click.option("--accept-all", is_flag=True, help="Accept every proposal that was found.")
@click.option("--apply", "applies", is_flag=True, help="Apply the list when it is read.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def import_list(
    services: Services, file: Path, institution: str, accept_all: bool, applies: bool, as_json: bool
) -> None:
    """Read an institution's list (CSV or XLSX) and show what it would change."""
    office = services.registration.staff_lists.office
    uploaded = office.lists.upload(
        Upload(institution, file.name, file.read_bytes(), uploaded_by=None),
        list_id=new_act_id(services.clock.now()),
    )
    with _progress() as progress:
        task = progress.add_task("Reading", total=None)
        read = office.reading.read(
            uploaded.id, report=lambda rows: progress.update(task, completed=rows)
        )
    if read.state is ListState.UNREADABLE:
        raise ListUnreadable(read.problem_detail or "The list cannot be read.")
    if accept_all:
        read = office.lists.accept(read.id, NATION, yes=True)
    rows = _with_findings(office, read)
    if applies:
        read = _apply(office, read)
    _print_json(read, rows) if as_json else _print_tables(read, rows)


@click.command("rejects")
@click.argument("list_id", metavar="ID")
@click.pass_obj
def print_rejects(services: Services, list_id: str) -> None:
    """Print the rows that a list's applying leaves out, with the reasons, as CSV."""
    lists = services.registration.staff_lists.office.lists
    found = lists.find(list_id, NATION)
    for line in rejects_csv(lists.all_rejects(found.id)):
        click.echo(line, nl=False)


def _apply(office: ListOffice, read: StaffList) -> StaffList:
    office.applying.begin(read.id, NATION, officer=None, revision=read.revision)
    with _progress() as progress:
        task = progress.add_task("Applying", total=read.rows_read)
        return office.applying.run(
            read.id, report=lambda one: progress.update(task, completed=one.rows_applied)
        )


def _progress() -> Progress:
    # To the other stream: what is printed can be piped.
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("row {task.completed}"),
        console=Console(stderr=True),
        transient=True,
    )


def _with_findings(office: ListOffice, read: StaffList) -> list[StoredRow]:
    found: list[StoredRow] = []
    after = 0
    while len(found) < ROWS_PRINTED and (
        rows := office.lists.rows(read.id, limit=ROWS_AT_ONCE, after=after)
    ):
        found += [row for row in rows if row.findings]
        after = rows[-1].number
    return found[:ROWS_PRINTED]


def _print_json(read: StaffList, rows: list[StoredRow]) -> None:
    document = view_of_list(read).model_dump(mode="json")
    document["findings"] = [view_of_row(row).model_dump(mode="json") for row in rows]
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def _print_tables(read: StaffList, rows: list[StoredRow]) -> None:
    console = Console()
    counts = Table("Outcome", "Rows", title=f"List {read.id} of {read.institution}: {read.state}")
    for outcome in Outcome:
        counts.add_row(str(outcome), str(read.counts[outcome]))
    counts.add_row("proposals without a yes", str(read.unaccepted))
    counts.add_row("people leaving", f"{read.gone} of {read.listed}")
    console.print(counts)
    if rows:
        found = Table("Row", "Severity", "Column", "In the file", "Becomes", "Finding")
        for row in rows:
            for one in row.findings:
                cells = (str(row.number), one.severity, one.column, one.was, one.proposed, one.text)
                # As text: a cell may hold what rich takes for markup.
                found.add_row(*map(_plain, cells))
        console.print(found)
    if read.state is ListState.READY and read.needs_second_officer:
        console.print("It drops over two of a hundred people: an officer has to approve it.")


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
