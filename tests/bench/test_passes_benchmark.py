"""The benchmark of passes itself, made so small that only its working is tested."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import commands
from bench.passes import comparison
from bench.passes.comparison import Scale

ROWS = {
    "pass.issue",
    "pass.verify",
    "pass.picture",
    "pass.browser",
    "limit.hsm-sign",
    "pass.issue.17-million",
}


@pytest.mark.long
def test_every_row_is_measured_and_set_against_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, require: Callable[[str], str]
) -> None:
    for program in ("softhsm2-util", "chromium"):
        require(program)
    small = Scale(rounds=1, issued=20, verified=20, drawn=5, seen=1, signatures=20, peer=1)
    monkeypatch.setattr(comparison, "QUICK", small)
    output = tmp_path / "passes.json"
    options = ["passes", "--quick", "--no-peer", "--output", str(output)]

    result = CliRunner().invoke(commands.bench, options, catch_exceptions=False)

    assert result.exit_code == 0, result.output
    rows = {row["name"]: row for row in json.loads(output.read_text())["rows"]}
    assert set(rows) == ROWS
    assert all(row["value"] > 0 for row in rows.values())
    assert rows["pass.issue"]["vs"] == "limit.hsm-sign"
