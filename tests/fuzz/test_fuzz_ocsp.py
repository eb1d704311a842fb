"""Run the fuzzer of the status responder: shortly always, a million inputs in the long tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fuzz.der_mutations import Node, mutated
from tests.fuzz.running import run_fuzzer, seen_last
from tests.ocsp.test_request import QUESTION


def fuzz(tmp_path: Path, *options: str) -> dict[str, int]:
    """Run the fuzzer; return how often each standing was answered how."""
    seen: dict[str, int] = json.loads(seen_last(run_fuzzer("ocsp", tmp_path, *options)))
    return seen


def check_that_all_was_tried(seen: dict[str, int]) -> None:
    # What the fuzzer accepts is right; here it is that it was not all malformed.
    assert seen.keys() == {
        "MALFORMED_REQUEST",
        "UNAUTHORIZED",
        "good: good",
        "revoked: revoked",
        "never issued: revoked",
        "never issued: unknown",
    }
    assert seen["good: good"] + seen["revoked: revoked"] > 100


def test_ten_thousand_questions_are_answered_and_none_good_without_cause(tmp_path: Path) -> None:
    check_that_all_was_tried(fuzz(tmp_path, "-runs=10000", "-max_total_time=30", "-seed=1"))


@pytest.mark.long
def test_a_million_questions_are_answered_and_none_good_without_cause(tmp_path: Path) -> None:
    check_that_all_was_tried(fuzz(tmp_path, "-runs=1000000", "-max_len=12000"))


def test_what_changes_der_leaves_it_der() -> None:
    changed = {mutated(QUESTION, seed) for seed in range(200)}

    assert len(changed) > 100
    for one in changed:
        assert one is not None
        assert Node.read(one).write() == one
    assert mutated(QUESTION[:-1], 1) is None
