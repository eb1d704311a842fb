"""Run a fuzzer in a process of its own: it ends it, and what it finds ends it early."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent


def run_fuzzer(name: str, tmp_path: Path, *options: str, seeds: Iterable[bytes] = ()) -> str:
    """Run ``fuzz_NAME.py`` from ``seeds``; return what it printed."""
    pytest.importorskip("atheris")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    target = FOLDER / f"fuzz_{name}.py"
    run = subprocess.run(
        [sys.executable, str(target), *options, f"-artifact_prefix={tmp_path}/", str(corpus)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, (run.stdout + run.stderr)[-3000:]
    assert "INITED" in run.stderr and "DONE" in run.stderr, run.stderr[-3000:]
    return run.stdout


def seen_last(printed: str) -> str:
    """Return what the last line of SEEN says: the counts of all inputs."""
    told = [line for line in printed.splitlines() if line.startswith("SEEN ")]
    return told[-1].removeprefix("SEEN ")
