"""The benchmark of signing, made so small that only its working is tested."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyhanko.pdf_utils.reader import PdfFileReader

from bench import commands
from bench.signing import comparison
from bench.signing.comparison import Scale
from bench.signing.pages import write_page

TINY = Scale(rounds=1, one_page=2, large_pages=1, peer=1, cli=1, signatures=20, large=1, huge=1)


@pytest.mark.parametrize("octets", [0, 3_000_000])
def test_the_page_that_is_signed_is_a_pdf_of_the_size_wanted(tmp_path: Path, octets: int) -> None:
    path = write_page(tmp_path / "page.pdf", octets)
    assert octets <= path.stat().st_size < octets + 2_000
    with path.open("rb") as file:
        reader = PdfFileReader(file)
        assert reader.root["/Pages"]["/Count"] == 1
        assert len(reader.trailer["/Root"]) == 2


@pytest.mark.long
def test_every_row_is_measured_and_set_against_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, require: Callable[[str], str]
) -> None:
    require("softhsm2-util")
    monkeypatch.setattr(comparison, "QUICK", TINY)
    output = tmp_path / "signing.json"
    result = CliRunner().invoke(
        commands.bench, ["signing", "--quick", "--output", str(output)], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    rows = {row["name"]: row for row in json.loads(output.read_text())["rows"]}
    assert {
        "limit.hsm-sign",
        "pades.b-b",
        "pades.b-t",
        "pades.b-lta",
        "pades.b-b.10-mb",
        "pades.b-lta.2-processes",
        "peer.pyhanko-signer",
        "peer.pyhanko-cli",
        "memory.b-lta.1-mb",
    } <= set(rows)
    assert all(row["value"] > 0 for row in rows.values())
    assert rows["pades.b-lta"]["vs"] == "pades.b-b"
    assert rows["peer.pyhanko-cli"]["vs"] == "pades.b-b"
