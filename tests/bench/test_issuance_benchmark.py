"""The benchmark of issuance itself, made so small that only its working is tested."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import commands
from bench.issuance import comparison
from bench.issuance.comparison import Scale, compare_issuance
from bench.results import Row

TINY = Scale(rounds=1, many=6, single=3, in_full=2, signatures=40, peer=2)
FEW, MANY = 20, 30


@pytest.fixture(autouse=True)
def few_stored(monkeypatch: pytest.MonkeyPatch, require: Callable[[str], str]) -> None:
    require("softhsm2-util")
    monkeypatch.setattr(comparison, "FEW_STORED", FEW)


def by_name(rows: list[Row]) -> dict[str, Row]:
    return {row.name: row for row in rows}


def test_every_row_is_measured_and_set_against_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "QUICK", TINY)
    output = tmp_path / "issuance.json"
    options = ["issuance", "--quick", "--stored", str(MANY), "--no-peer", "--output", str(output)]
    result = CliRunner().invoke(commands.bench, options, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    rows = {row["name"]: row for row in json.loads(output.read_text())["rows"]}
    assert set(rows) == {
        "limit.hsm-sign",
        "limit.hsm-sign.ec-p384",
        "limit.hsm-sign.rsa-3072",
        "issuance.bulk",
        "issuance.bulk.linted-in-full",
        "issuance.bulk.ec-p384",
        "issuance.bulk.rsa-3072",
        "issuance.single",
        "issuance.bulk.1-process",
        "issuance.bulk.2-processes",
        f"issuance.bulk.{MANY}",
        f"issuance.single.{MANY}",
        "lint.in-full",
    }
    assert all(row["value"] > 0 for row in rows.values())
    assert rows["issuance.bulk"]["vs"] == "limit.hsm-sign"
    assert rows[f"issuance.single.{MANY}"]["vs"] == "issuance.single"
    assert "issuance.bulk.2-processes" in result.output


@pytest.mark.long
def test_django_ca_issues_from_the_same_token() -> None:
    rows = by_name(compare_issuance(scale=TINY, stored=0, database_url=None, with_peer=True))
    assert rows["peer.django-ca"].value > 0
    assert rows["peer.django-ca"].vs == "issuance.bulk"
    assert rows["peer.django-ca.session-held"].value > 0


@pytest.mark.long
def test_the_benchmark_runs_on_postgresql_and_leaves_nothing_there(postgresql_url: str) -> None:
    rows = by_name(
        compare_issuance(scale=TINY, stored=0, database_url=postgresql_url, with_peer=False)
    )
    assert rows["issuance.bulk"].value > 0
