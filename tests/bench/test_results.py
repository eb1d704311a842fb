"""Results: what the table shows is what the JSON says."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from bench.results import Row, against, print_table, write_json

ROWS = [
    Row("issuance.bulk", 1523.456, "certificates per CPU-second", spread=0.0512),
    Row("limit.hsm-sign", 15000.0, "signatures per CPU-second", spread=0.02),
    Row("peer.absent", 10.0, "certificates per CPU-second"),
]


def test_a_ratio_is_the_value_over_that_of_the_row_it_names() -> None:
    [bulk, limit, absent] = against(
        ROWS, {"issuance.bulk": "limit.hsm-sign", "peer.absent": "not.measured"}
    )
    assert (bulk.vs, bulk.ratio) == ("limit.hsm-sign", pytest.approx(1523.456 / 15000))
    assert (limit.vs, limit.ratio) == (None, None)
    assert (absent.vs, absent.ratio) == (None, None)
    assert bulk.spread == 0.0512


def test_the_json_has_the_five_fields_that_others_read_and_the_spread_beside(
    tmp_path: Path,
) -> None:
    path = tmp_path / "var" / "bench" / "issuance.json"
    write_json(against(ROWS, {"issuance.bulk": "limit.hsm-sign"}), path)
    document = json.loads(path.read_text())
    assert document["rows"][0] == {
        "name": "issuance.bulk",
        "value": 1523,
        "unit": "certificates per CPU-second",
        "vs": "limit.hsm-sign",
        "ratio": 0.1016,
    }
    assert all(list(row) == ["name", "value", "unit", "vs", "ratio"] for row in document["rows"])
    assert document["spread"] == {"issuance.bulk": 0.051, "limit.hsm-sign": 0.02}


def test_the_table_names_every_row_with_value_unit_spread_and_ratio() -> None:
    console = Console(file=io.StringIO(), width=160)
    print_table(
        against(ROWS, {"issuance.bulk": "limit.hsm-sign"}), title="issuance", console=console
    )
    assert isinstance(console.file, io.StringIO)
    printed = console.file.getvalue()
    [line] = [line for line in printed.splitlines() if line.strip().startswith("issuance.bulk")]
    for part in ("1,523", "certificates per CPU-second", "5%", "0.1016", "limit.hsm-sign"):
        assert part in line
