"""The benchmark itself: which subjects there are, what each round asks them, and the rows.

Certificates are counted per CPU-second of the process that issues; single requests and scaling
over processes are wall-clock. All subjects of one comparison take turns in the same rounds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.issuance.homes import AUTHORITIES, Home, key_ids, measured_home
from bench.peers.environment import peer_python
from bench.results import Row, against
from bench.rounds import Measure, interleave
from bench.subject import Answer, Subject
from hsm.softhsm import CONFIGURATION_FILE, PINS_FOLDER, module_path

BULK, SINGLE = "issuance.bulk", "issuance.single"
LIMIT, PEER = "limit.hsm-sign", "peer.django-ca"

PER_CPU_SECOND = "certificates/CPU-second"
PER_SECOND = "certificates/second"
SIGNATURES = "signatures/CPU-second"
MILLISECONDS = "ms, p50"

FEW_STORED = 1_000
ISSUING_TOKEN = "issuing"  # noqa: S105 - the name of a token, not a secret
DJANGO_CA = Path(__file__).parents[1] / "peers" / "django_ca_issuing.py"

# About how many P-256 signatures SoftHSM makes in the time of one of these.
SLOWNESS = {"ec-p256": 1, "ec-p384": 12, "rsa-3072": 34}


@dataclass(frozen=True)
class Scale:
    """How much a round asks of each subject."""

    rounds: int = 7
    many: int = 500
    single: int = 40
    in_full: int = 60
    signatures: int = 2_000
    peer: int = 60


QUICK = Scale(rounds=3, many=100, single=10, in_full=10, signatures=300, peer=10)


FIRST, *OTHERS = AUTHORITIES.items()


@dataclass
class Comparison:
    """What is measured in the same rounds: for each row a unit and how to measure it."""

    scale: Scale
    measures: dict[str, Measure] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    linted: int = 0
    linted_in_full: int = 0

    def add(self, name: str, unit: str, measure: Measure) -> None:
        """Add a row."""
        self.measures[name] = measure
        self.units[name] = unit

    def add_many(self, name: str, subject: Subject, authority: str, count: int) -> None:
        """Add a row of certificates issued in batches, for each CPU-second."""

        def measure() -> float:
            subject.ask(prepare=count, authority=authority)
            answer = subject.ask(issue="many")
            if name == BULK:
                self.linted += answer["linted"]
                self.linted_in_full += answer["linted_in_full"]
            return _rate(answer)

        self.add(name, PER_CPU_SECOND, measure)

    def add_single(self, name: str, subject: Subject, authority: str, count: int) -> None:
        """Add a row of certificates issued one at a time, by their median duration."""

        def measure() -> float:
            subject.ask(prepare=count, authority=authority)
            return float(subject.ask(issue="one-by-one")["median_seconds"]) * 1_000

        self.add(name, MILLISECONDS, measure)

    def add_together(self, name: str, subjects: list[Subject], authority: str, count: int) -> None:
        """Add a row of what processes issue at once into one database, by the clock."""

        def measure() -> float:
            for subject in subjects:
                subject.ask(prepare=count, authority=authority)
            begin = time.perf_counter()
            for subject in subjects:
                subject.send(issue="many")
            issued = sum(subject.receive()["count"] for subject in subjects)
            return float(issued / (time.perf_counter() - begin))

        self.add(name, PER_SECOND, measure)

    def add_rate(self, name: str, unit: str, subject: Subject, **question: object) -> None:
        """Add a row of what another subject does in a CPU-second."""
        self.add(name, unit, lambda: _rate(subject.ask(**question)))

    def rows(self) -> list[Row]:
        """Measure everything in interleaved rounds."""
        measured = interleave(self.measures, rounds=self.scale.rounds)
        rows = [
            Row(name, series.median, self.units[name], spread=series.spread)
            for name, series in measured.items()
        ]
        share = self.linted_in_full / self.linted
        return [*rows, Row("lint.in-full", share, "share")]


def compare_issuance(
    *, scale: Scale, stored: int, database_url: str | None, with_peer: bool
) -> list[Row]:
    """Measure everything and return the rows; ``stored`` is the large number of certificates.

    Raises HomeNotMade, SubjectFailed and PeerNotInstalled.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="camtrust-bench-")))
        comparison = Comparison(scale)
        subjects = _Subjects(stack, folder)
        few = stack.enter_context(
            measured_home(folder / "few", stored=FEW_STORED, database_url=database_url)
        )
        _add_limits(comparison, subjects, few)
        _add_issuance(comparison, subjects, few)
        if stored > FEW_STORED:
            many = stack.enter_context(
                measured_home(folder / "many", stored=stored, database_url=database_url)
            )
            issuing = subjects.issuing(many)
            comparison.add_many(f"{BULK}.{stored}", issuing, FIRST[0], scale.many)
            comparison.add_single(f"{SINGLE}.{stored}", issuing, FIRST[0], scale.single)
        if with_peer:
            _add_peer(comparison, subjects, few)
        return against(comparison.rows(), _pairs(stored))


class _Subjects:
    """Starts subjects, which end with the stack."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack = stack
        self._log = folder / "subjects.log"
        self.folder = folder

    def issuing(self, home: Home, **settings: str) -> Subject:
        environment = {**home.environment, **settings}
        return self._start(
            [sys.executable, "-m", "bench.issuance.issuing"],
            {"home": str(home.folder)},
            environment,
        )

    def signing(self, home: Home) -> Subject:
        configuration = {**_token(home), "keys": key_ids(home)}
        return self._start(
            [sys.executable, "-m", "bench.issuance.bare_signing"], configuration, _softhsm(home)
        )

    def django_ca(self, home: Home) -> Subject:
        configuration = {**_token(home), "folder": str(self.folder), "label": "django-ca"}
        command = [peer_python("django-ca"), DJANGO_CA]
        return self._start(command, configuration, _softhsm(home))

    def _start(
        self,
        command: Sequence[str | Path],
        configuration: Mapping[str, Any],
        environment: Mapping[str, str],
    ) -> Subject:
        subject = Subject(
            command, configuration=configuration, environment=environment, log=self._log
        )
        return self._stack.enter_context(subject)


def _add_limits(comparison: Comparison, subjects: _Subjects, home: Home) -> None:
    signing = subjects.signing(home)
    for algorithm in AUTHORITIES.values():
        # As long a measurement for slow keys as for fast ones.
        count = max(comparison.scale.signatures // SLOWNESS[algorithm], 10)
        name = _named(LIMIT, algorithm)
        comparison.add_rate(name, SIGNATURES, signing, key=algorithm, count=count)


def _add_issuance(comparison: Comparison, subjects: _Subjects, home: Home) -> None:
    scale = comparison.scale
    issuing, another = subjects.issuing(home), subjects.issuing(home)
    in_full = subjects.issuing(home, CAMTRUST_CA__LINT_IN_FULL="true")
    comparison.add_many(BULK, issuing, FIRST[0], scale.many)
    comparison.add_many(f"{BULK}.linted-in-full", in_full, FIRST[0], scale.in_full)
    for name, algorithm in OTHERS:
        comparison.add_many(_named(BULK, algorithm), issuing, name, scale.many)
    comparison.add_single(SINGLE, issuing, FIRST[0], scale.single)
    comparison.add_together(f"{BULK}.1-process", [issuing], FIRST[0], 2 * scale.many)
    comparison.add_together(f"{BULK}.2-processes", [issuing, another], FIRST[0], 2 * scale.many)


def _add_peer(comparison: Comparison, subjects: _Subjects, home: Home) -> None:
    peer, count = subjects.django_ca(home), comparison.scale.peer
    comparison.add_rate(PEER, PER_CPU_SECOND, peer, count=count, session_held=False)
    comparison.add_rate(
        f"{PEER}.session-held", PER_CPU_SECOND, peer, count=count, session_held=True
    )


def _token(home: Home) -> dict[str, Any]:
    # The token of the issuing keys, as another program opens it.
    return {
        "module": module_path(),
        "token": ISSUING_TOKEN,
        "pin_file": str(home.folder / PINS_FOLDER / ISSUING_TOKEN),
    }


def _softhsm(home: Home) -> dict[str, str]:
    return {"SOFTHSM2_CONF": str(home.folder / CONFIGURATION_FILE)}


def _pairs(stored: int) -> dict[str, str]:
    pairs = {
        BULK: LIMIT,
        f"{BULK}.linted-in-full": LIMIT,
        f"{BULK}.2-processes": f"{BULK}.1-process",
        f"{BULK}.{stored}": BULK,
        f"{SINGLE}.{stored}": SINGLE,
        PEER: BULK,
        f"{PEER}.session-held": BULK,
    }
    for _, algorithm in OTHERS:
        pairs[_named(BULK, algorithm)] = _named(LIMIT, algorithm)
        pairs[_named(LIMIT, algorithm)] = LIMIT
    return pairs


def _named(row: str, algorithm: str) -> str:
    # The plain row is the P-256 one.
    return row if algorithm == FIRST[1] else f"{row}.{algorithm}"


def _rate(answer: Answer) -> float:
    return float(answer["count"] / answer["cpu_seconds"])
