"""Subjects around one founded home: what works in it, and nothing but its token."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.issuance.homes import HomeNotMade
from bench.rounds import Measure
from bench.subject import Answer, Subject
from hsm.softhsm import CONFIGURATION_FILE, PINS_FOLDER, module_path

STATUS_TOKEN = "status"  # noqa: S105 - the name of a token, not a secret


def make_home(module: str, home: Path) -> dict[str, str]:
    """Have a module make a home; return the ids of the keys that it names. Raises HomeNotMade."""
    done = subprocess.run([sys.executable, "-m", module, str(home)], capture_output=True, text=True)
    if done.returncode:
        raise HomeNotMade(f"{home}: {done.stderr.strip()[-1000:]}")
    keys: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return keys


def subject_in(module: str, home: Path, log: Path) -> Subject:
    """Return a module as a subject that works in a home."""
    return _subject(module, log, {"home": str(home)})


def bare_signer(home: Path, keys: Mapping[str, str], log: Path) -> Subject:
    """Return what signs with a home's keys, by their algorithms, and does nothing else."""
    configuration = {
        "module": str(module_path()),
        "token": STATUS_TOKEN,
        "pin_file": str(home / PINS_FOLDER / STATUS_TOKEN),
        "keys": dict(keys),
    }
    environment = {"SOFTHSM2_CONF": str(home / CONFIGURATION_FILE)}
    return _subject("bench.issuance.bare_signing", log, configuration, environment)


def rate_of(subject: Subject, **question: object) -> Measure:
    """Return what asks a subject, and says how many it did in a second of its processor."""
    return lambda: _rate(subject.ask(**question))


def _rate(answer: Answer) -> float:
    return float(answer["count"] / answer["cpu_seconds"])


def _subject(
    module: str,
    log: Path,
    configuration: Mapping[str, object],
    environment: Mapping[str, str] | None = None,
) -> Subject:
    command = [sys.executable, "-m", module]
    return Subject(command, configuration=configuration, environment=environment, log=log)
