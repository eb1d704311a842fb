"""``camtrust enroll institution`` and ``camtrust enroll list import`` as a console gives them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.errors import CamtrustError
from enrollment.commands import enroll_commands
from tests.enrollment.lists.files import DARA, csv_of, person, xlsx_of
from tests.enrollment.lists.world import MOI, crowd, listed, officer, register
from tests.enrollment.world import World

Run = Callable[..., Result]


@pytest.fixture
def run(world: World) -> Run:
    services = SimpleNamespace(
        clock=world.clock,
        registration=SimpleNamespace(
            staff_lists=SimpleNamespace(office=world.staff_lists),
            subscribers=SimpleNamespace(institutions=world.institutions),
            applications=world.registration.applications,
        ),
    )

    def invoke(*arguments: object) -> Result:
        result = CliRunner().invoke(enroll_commands, list(map(str, arguments)), obj=services)
        if result.exception is not None and not isinstance(
            result.exception, SystemExit | CamtrustError
        ):
            raise result.exception
        return result

    return invoke


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(octets: bytes, name: str = "people.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(octets)
        return path

    return write


def test_an_institution_is_added_listed_and_suspended(run: Run) -> None:
    names = ("--name-km", "ក្រសួងអប់រំ", "--name-latin", "Ministry of Education")
    made = run(
        "institution",
        "add",
        "moeys",
        "--kind",
        "ministry",
        *names,
        "--mail-domain",
        "moeys.example",
    )
    assert made.output == "moeys  ministry  active  Ministry of Education\n"
    shown = json.loads(run("institution", "list", "--json").stdout)
    assert [(one["id"], one["mail_domains"]) for one in shown] == [("moeys", ["moeys.example"])]
    assert "suspended" in run("institution", "suspend", "moeys").output
    assert "active" in run("institution", "reinstate", "moeys").output
    assert run("institution", "add", "moeys", "--kind", "ministry", *names).exit_code == 1


def test_a_list_is_previewed_and_then_applied(
    world: World, run: Run, file: Callable[..., Path]
) -> None:
    register(world, MOI)
    short = (*person(1)[:7], "20000001", *person(1)[8:])
    path = file(csv_of(DARA, short))
    shown = run("list", "import", path, "--institution", MOI)
    assert shown.exit_code == 0
    assert "leading zeros" in shown.output and "020000001" in shown.output
    assert listed(world) == []
    done = run("list", "import", path, "--institution", MOI, "--accept-all", "--apply", "--json")
    told = json.loads(done.stdout)
    assert (told["state"], told["uploaded_by"], told["counts"]["new"]) == ("applied", None, 2)
    assert told["findings"][0]["findings"][0]["code"] == "leading-zero"
    assert listed(world) == ["0001", "0012"]


def test_the_console_alone_drops_nobody_in_numbers(
    world: World, run: Run, file: Callable[..., Path]
) -> None:
    officer(world, "clerk")
    run("list", "import", file(csv_of(*crowd(10))), "--institution", MOI, "--apply")
    result = run("list", "import", file(csv_of(*crowd(5))), "--institution", MOI, "--apply")
    assert result.exit_code == 1
    assert len(listed(world)) == 10
    shown = run("list", "import", file(csv_of(*crowd(5))), "--institution", MOI)
    assert "an officer has to approve it" in shown.output


def test_what_cannot_be_read_is_refused_with_its_reason(
    world: World, run: Run, file: Callable[..., Path]
) -> None:
    register(world, MOI)
    bad = file(xlsx_of(DARA)[:900], "people.xlsx")
    result: Any = run("list", "import", bad, "--institution", MOI)
    assert result.exit_code == 1 and "damaged" in result.exception.detail
    broken = file(csv_of(DARA) + b'\r\n"open')
    assert run("list", "import", broken, "--institution", MOI).exit_code == 1
    assert run("list", "import", file(csv_of(DARA)), "--institution", "none").exit_code == 1


def test_rejects_are_printed_as_csv(world: World, run: Run, file: Callable[..., Path]) -> None:
    register(world, MOI)
    path = file(csv_of((*DARA[:5], "[red]?", *DARA[6:])))
    told = json.loads(run("list", "import", path, "--institution", MOI, "--json").stdout)
    printed = run("list", "rejects", told["id"]).stdout
    assert '"[red]?"' in printed and printed.count("\n") == 2
    assert "[red]?" in run("list", "import", path, "--institution", MOI).stdout


def test_applications_are_still_listed(run: Run) -> None:
    assert json.loads(run("list", "--json", "--limit", "3").stdout) == []
