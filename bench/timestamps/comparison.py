"""Which subjects there are, what each round asks them, and the rows.

Tokens are counted per CPU-second of the process that stamps. All take turns in the same rounds.
"""

from __future__ import annotations

import resource
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.founded_home import bare_signer, make_home, rate_of, subject_in
from bench.results import Row, against
from bench.rounds import Measure, interleave
from bench.subject import Subject
from bench.timestamps.openssl import OpensslTsa
from signing.timestamps.definitions import CAMDX, MAIN

TOKEN, ANSWER, LIMIT, PEER = "tsa.token", "tsa.answer", "limit.hsm-sign", "peer.openssl-ts"
RSA = ".rsa-3072"
TOKENS, SIGNATURES = "tokens/CPU-second", "signatures/CPU-second"
PAIRS = {
    TOKEN: LIMIT,
    ANSWER: LIMIT,
    PEER: TOKEN,
    TOKEN + RSA: LIMIT + RSA,
}


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
        keys = make_home("bench.timestamps.stamping", home)
        ours = stack.enter_context(subject_in("bench.timestamps.stamping", home, log))
        bare = stack.enter_context(
            bare_signer(home, {"ec-p256": keys[MAIN], "rsa-3072": keys[CAMDX]}, log)
        )
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
        TOKEN: (TOKENS, rate_of(ours, unit=MAIN, way="token", count=many)),
        ANSWER: (TOKENS, rate_of(ours, unit=MAIN, way="answer", count=many)),
        LIMIT: (SIGNATURES, rate_of(bare, key="ec-p256", count=many)),
        TOKEN + RSA: (TOKENS, rate_of(ours, unit=CAMDX, way="token", count=slow)),
        LIMIT + RSA: (SIGNATURES, rate_of(bare, key="rsa-3072", count=slow)),
        PEER: (TOKENS, lambda: _children_rate(openssl, scale.peer)),
    }
    return (
        {name: unit for name, (unit, _) in rows.items()},
        {name: measure for name, (_, measure) in rows.items()},
    )


def _children_rate(openssl: OpensslTsa, count: int) -> float:
    before = _children_seconds()
    for _ in range(count):
        openssl.stamp()
    return count / (_children_seconds() - before)


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
