"""Run the fuzzer of human-resources lists: shortly always, for minutes in the long tests."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from tests.enrollment.lists.files import DARA, csv_of, person, xlsx_of
from tests.fuzz.running import run_fuzzer

PARTS = ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml")


def seeds() -> list[bytes]:
    limon = csv_of(("12", "sux", "can;", "Sok", "", "ស", "12/31/2523", "1234567", "a@x.example"))
    found = [b"\0" + one for one in (csv_of(DARA, person(1)), csv_of(DARA, separator=";"), limon)]
    with zipfile.ZipFile(io.BytesIO(xlsx_of(DARA))) as archive:
        for number, part in enumerate(PARTS, start=1):
            if part in archive.namelist():
                found.append(bytes([number]) + archive.read(part))
    return found


def fuzz(tmp_path: Path, *options: str) -> None:
    run_fuzzer("lists", tmp_path, *options, seeds=seeds())


def test_thousands_of_inputs_give_only_our_errors(tmp_path: Path) -> None:
    fuzz(tmp_path, "-runs=5000", "-max_total_time=20", "-seed=1")


@pytest.mark.long
def test_minutes_of_inputs_give_only_our_errors(tmp_path: Path) -> None:
    fuzz(tmp_path, "-max_total_time=180", "-max_len=8192")
