"""Run the fuzzer of the status responder: shortly always, a million inputs in the long tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.der_mutations import Node, mutated
from tests.ocsp.test_request import QUESTION

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "tests" / "fuzz" / "fuzz_ocsp.py"


def fuzz(tmp_path: Path, *options: str) -> dict[str, int]:
    """Run the fuzzer; return how often each standing was answered how."""
    pytest.importorskip("atheris")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    run = subprocess.run(
        [sys.executable, str(TARGET), *options, f"-artifact_prefix={tmp_path}/", str(corpus)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, (run.stdout + run.stderr)[-3000:]
    assert "INITED" in run.stderr and "DONE" in run.stderr, run.stderr[-3000:]
    told = [line for line in run.stdout.splitlines() if line.startswith("SEEN ")]
    seen: dict[str, int] = json.loads(told[-1].removeprefix("SEEN "))
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
