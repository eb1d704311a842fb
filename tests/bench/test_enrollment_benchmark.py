"""The benchmark of enrolment itself, made so small that only its working is tested."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import commands
from bench.enrollment import acme_servers, comparison
from bench.enrollment.comparison import (
    ACME2CERTIFIER,
    APPLICATIONS,
    BY_THE_CLOCK,
    OURS,
    PEBBLE,
    Scale,
)
from bench.enrollment.homes import EnrolmentHome, enrolment_home
from tests.conftest import Template
from tests.interop.conftest import founded_copy

TINY = Scale(rounds=1, ours=2, pebble=2, acme2certifier=2, applications=2, views=2)
FEW, MANY = 10, 20


@pytest.fixture(autouse=True)
def tiny(
    monkeypatch: pytest.MonkeyPatch, require: Callable[[str], str], sqlite_template: Template
) -> None:
    require("softhsm2-util")
    require("taskset")
    monkeypatch.setattr(comparison, "QUICK", TINY)
    monkeypatch.setattr(comparison, "FEW", FEW)

    def founded_before(folder: Path, *, stored: int) -> EnrolmentHome:
        return enrolment_home(founded_copy(sqlite_template, folder), stored=stored)

    # Making the keys of three homes would take most of the test's time.
    monkeypatch.setattr(comparison, "enrolment_home", founded_before)


def measured(tmp_path: Path, *options: str) -> tuple[dict[str, dict[str, object]], str]:
    output = tmp_path / "enrollment.json"
    arguments = ["enrollment", "--quick", "--output", str(output), *options]
    result = CliRunner().invoke(commands.bench, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    rows = {row["name"]: row for row in json.loads(output.read_text())["rows"]}
    assert all(row["value"] > 0 for row in rows.values())
    return rows, result.output


def test_orders_are_counted_for_each_second_and_each_cpu_second(tmp_path: Path) -> None:
    rows, _said = measured(tmp_path, "--no-peer", "--stored", str(MANY))
    names = (OURS, APPLICATIONS)
    pages = {f"page.{which}.{count}" for which in ("p50", "p99") for count in (FEW, MANY)}
    assert set(rows) == {*names, *(name + BY_THE_CLOCK for name in names), *pages}
    assert rows[f"page.p99.{MANY}"]["vs"] == f"page.p99.{FEW}"


@pytest.mark.long
def test_every_peer_is_measured_and_set_against_ours(
    tmp_path: Path, require: Callable[[str], str]
) -> None:
    require("pebble")
    rows, _said = measured(tmp_path)
    names = (OURS, APPLICATIONS, PEBBLE, ACME2CERTIFIER)
    assert {*names, *(name + BY_THE_CLOCK for name in names)} <= set(rows)
    assert rows[OURS]["vs"] == PEBBLE
    assert rows[ACME2CERTIFIER]["vs"] == OURS


def test_where_pebble_is_missing_nothing_stands_in_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acme_servers.shutil, "which", lambda _program: None)
    assert acme_servers.pebble(tmp_path / "pebble", 1) is None
