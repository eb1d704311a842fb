"""The benchmark of enrolment itself, made so small that only its working is tested."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import commands
from bench.enrollment import acme_servers, comparison
from bench.enrollment.comparison import ACME2CERTIFIER, BY_THE_CLOCK, OURS, PEBBLE, Scale

TINY = Scale(rounds=1, ours=2, pebble=2, acme2certifier=2)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch, require: Callable[[str], str]) -> None:
    require("softhsm2-util")
    require("taskset")
    monkeypatch.setattr(comparison, "QUICK", TINY)


def measured(tmp_path: Path, *options: str) -> tuple[dict[str, dict[str, object]], str]:
    output = tmp_path / "enrollment.json"
    arguments = ["enrollment", "--quick", "--output", str(output), *options]
    result = CliRunner().invoke(commands.bench, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    rows = {row["name"]: row for row in json.loads(output.read_text())["rows"]}
    assert all(row["value"] > 0 for row in rows.values())
    return rows, result.output


def test_orders_are_counted_for_each_second_and_each_cpu_second(tmp_path: Path) -> None:
    rows, _said = measured(tmp_path, "--no-peer")
    assert set(rows) == {OURS, OURS + BY_THE_CLOCK}


@pytest.mark.long
def test_every_peer_is_measured_and_set_against_ours(
    tmp_path: Path, require: Callable[[str], str]
) -> None:
    require("pebble")
    rows, _said = measured(tmp_path)
    names = (OURS, PEBBLE, ACME2CERTIFIER)
    assert set(rows) == {*names, *(name + BY_THE_CLOCK for name in names)}
    assert rows[OURS]["vs"] == PEBBLE
    assert rows[ACME2CERTIFIER]["vs"] == OURS


def test_where_pebble_is_missing_nothing_stands_in_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acme_servers.shutil, "which", lambda _program: None)
    assert acme_servers.pebble(tmp_path / "pebble", 1) is None
