"""Run the fuzzer of the time-stamping authority: shortly always, for long in the long tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fuzz.running import run_fuzzer, seen_last


def fuzz(tmp_path: Path, *options: str) -> dict[str, int]:
    """Run the fuzzer; return how often each answer came."""
    seen: dict[str, int] = json.loads(seen_last(run_fuzzer("timestamps", tmp_path, *options)))
    return seen


def check_that_all_was_tried(seen: dict[str, int]) -> None:
    assert seen.keys() >= {
        "granted",
        "bad_alg",
        "bad_data_format",
        "bad_data_format bad_request",
        "bad_request",
        "unaccepted_policy",
        "unaccepted_extensions",
        "verified",
    }
    assert seen["granted"] > 10


def test_three_thousand_requests_are_answered_rightly(tmp_path: Path) -> None:
    check_that_all_was_tried(fuzz(tmp_path, "-runs=3000", "-max_total_time=30", "-seed=1"))


@pytest.mark.long
def test_half_a_million_requests_are_answered_rightly(tmp_path: Path) -> None:
    check_that_all_was_tried(fuzz(tmp_path, "-runs=500000", "-max_len=4200"))
