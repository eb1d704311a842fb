"""Which subjects there are, what each round asks them, and the rows.

Tokens are counted per CPU-second of the process that stamps. All take turns in the same rounds.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bench.results import Row, against
from bench.rounds import Measure, interleave
from bench.subject import Answer, Subject
from bench.timestamps.openssl import OpensslTsa
from hsm.softhsm import CONFIGURATION_FILE, PINS_FOLDER, module_path
from signing.timestamps.definitions import CAMDX, MAIN

TOKEN, ANSWER, LIMIT, PEER = "tsa.token", "tsa.answer", "limit.hsm-sign", "peer.openssl-ts"
RSA = ".rsa-3072"
TOKENS, SIGNATURES = "tokens/CPU-second", "signatures/CPU-second"
STATUS_TOKEN = "status"  # noqa: S105 - the name of a token, not a secret
PAIRS = {
    TOKEN: LIMIT,
    ANSWER: LIMIT,
    PEER: TOKEN,
    TOKEN + RSA: LIMIT + RSA,
}


class HomeNotMade(click.ClickException):
    """The home could not be made; the message has what was said."""


@dataclass(frozen=True)
class Scale:
    """How much a round asks of each subject; RSA is some thirty times slower."""

    rounds: int = 7
    tokens: int = 2_000
    slow: int = 60
    peer: int = 20


QUICK = Scale(rounds=3, tokens=300, slow=10, peer=3)


def compare_timestamps(*, scale: Scale) -> list[Row]:
    """Measure everything and return the rows. Raises HomeNotMade and SubjectFailed."""
    with TemporaryDirectory(prefix="camtrust-bench-") as folder, ExitStack() as stack:
        home, log = Path(folder) / "home", Path(folder) / "subjects.log"
        keys = _make_home(home)
        ours = stack.enter_context(_subject("bench.timestamps.stamping", log, {"home": str(home)}))
        bare = stack.enter_context(_bare(home, keys, log))
        openssl = OpensslTsa(Path(folder))
        units, measures = _measures(scale, ours, bare, openssl)
        measured = interleave(measures, rounds=scale.rounds)
    rows = [
        Row(name, series.median, units[name], spread=series.spread)
        for name, series in measured.items()
    ]
    return against(rows, PAIRS)


def _measures(
    scale: Scale, ours: Subject, bare: Subject, openssl: OpensslTsa
) -> tuple[dict[str, str], dict[str, Measure]]:
    many, slow = scale.tokens, scale.slow
    rows: dict[str, tuple[str, Measure]] = {
        TOKEN: (TOKENS, _asks(ours, unit=MAIN, way="token", count=many)),
        ANSWER: (TOKENS, _asks(ours, unit=MAIN, way="answer", count=many)),
        LIMIT: (SIGNATURES, _asks(bare, key="ec-p256", count=many)),
        TOKEN + RSA: (TOKENS, _asks(ours, unit=CAMDX, way="token", count=slow)),
        LIMIT + RSA: (SIGNATURES, _asks(bare, key="rsa-3072", count=slow)),
        PEER: (TOKENS, lambda: _children_rate(openssl, scale.peer)),
    }
    return (
        {name: unit for name, (unit, _) in rows.items()},
        {name: measure for name, (_, measure) in rows.items()},
    )


def _asks(subject: Subject, **question: object) -> Measure:
    return lambda: _rate(subject.ask(**question))


def _rate(answer: Answer) -> float:
    return float(answer["count"] / answer["cpu_seconds"])


def _children_rate(openssl: OpensslTsa, count: int) -> float:
    before = _children_seconds()
    for _ in range(count):
        openssl.stamp()
    return count / (_children_seconds() - before)


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _make_home(home: Path) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.timestamps.stamping", str(home)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise HomeNotMade(f"{home}: {done.stderr.strip()[-1000:]}")
    keys: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return keys


def _bare(home: Path, keys: Mapping[str, str], log: Path) -> Subject:
    configuration = {
        "module": str(module_path()),
        "token": STATUS_TOKEN,
        "pin_file": str(home / PINS_FOLDER / STATUS_TOKEN),
        "keys": {"ec-p256": keys[MAIN], "rsa-3072": keys[CAMDX]},
    }
    environment = {"SOFTHSM2_CONF": str(home / CONFIGURATION_FILE)}
    return _subject("bench.issuance.bare_signing", log, configuration, environment)


def _subject(
    module: str,
    log: Path,
    configuration: Mapping[str, object],
    environment: Mapping[str, str] | None = None,
) -> Subject:
    command = [sys.executable, "-m", module]
    return Subject(command, configuration=configuration, environment=environment, log=log)
