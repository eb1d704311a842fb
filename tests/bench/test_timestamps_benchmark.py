"""The benchmark of time-stamps itself, made so small that only its working is tested."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import commands
from bench.timestamps import comparison
from bench.timestamps.comparison import Scale

ROWS = {
    "tsa.token",
    "tsa.answer",
    "limit.hsm-sign",
    "tsa.token.rsa-3072",
    "limit.hsm-sign.rsa-3072",
    "peer.openssl-ts",
}


@pytest.mark.long
def test_every_row_is_measured_and_set_against_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, require: Callable[[str], str]
) -> None:
    for program in ("softhsm2-util", "openssl"):
        require(program)
    monkeypatch.setattr(comparison, "QUICK", Scale(rounds=1, tokens=20, slow=2, peer=1))
    output = tmp_path / "timestamps.json"
    options = ["timestamps", "--quick", "--output", str(output)]

    result = CliRunner().invoke(commands.bench, options, catch_exceptions=False)

    assert result.exit_code == 0, result.output
    rows = {row["name"]: row for row in json.loads(output.read_text())["rows"]}
    assert set(rows) == ROWS
    assert all(row["value"] > 0 for row in rows.values())
    assert rows["tsa.token"]["vs"] == "limit.hsm-sign"
    assert rows["tsa.token.rsa-3072"]["vs"] == "limit.hsm-sign.rsa-3072"
