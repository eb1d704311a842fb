"""Run the fuzzer of the CMP server: shortly always, for minutes in the long tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.running import run_fuzzer, seen_last


def fuzz(tmp_path: Path, *options: str) -> tuple[int, int]:
    """Run the fuzzer; return how many inputs got beyond the MAC, and how many did not."""
    beyond, before = seen_last(run_fuzzer("cmp", tmp_path, *options)).split()
    return int(beyond), int(before)


def test_thousands_of_messages_are_answered_by_messages(tmp_path: Path) -> None:
    beyond, before = fuzz(tmp_path, "-runs=3000", "-max_total_time=40", "-seed=1")
    # What the fuzzer accepts is right; here it is that not all was refused for its MAC.
    assert beyond > 50 and before > 50


@pytest.mark.long
def test_minutes_of_messages_are_answered_by_messages(tmp_path: Path) -> None:
    fuzz(tmp_path, "-max_total_time=240", "-max_len=8192")
