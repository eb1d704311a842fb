"""The benchmark itself: which subjects there are, what each round asks them, and the rows.

Requests are counted per CPU-second of all processes of a server, which has a core for itself; the
generator has the other. All subjects take turns in the same rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from cryptography import x509

from bench.ocsp.answers import check_answers
from bench.ocsp.cores import Cores
from bench.ocsp.load import Load, write_requests
from bench.ocsp.questions import Message, Question
from bench.ocsp.servers import Server
from bench.ocsp.subjects import Asked, StartServers
from bench.results import Row
from bench.rounds import Measure, interleave

PER_CPU_SECOND = "requests/CPU-second"
SIGNATURES = "signatures/CPU-second"
P99 = "ms, p99"
OCTETS = "octets/certificate"


@dataclass(frozen=True)
class Scale:
    """How much a round asks of each subject.

    ``connections`` are kept alive and always busy; ``live_connections`` are as many as the service
    has slots for live answers. ``asked`` is how many different questions there are at most.
    """

    rounds: int = 5
    seconds: int = 2
    connections: int = 64
    live_connections: int = 4
    few: int = 1_000
    asked: int = 50_000
    sample: int = 20
    signatures: int = 2_000
    stored_rsa: int = 10_000


QUICK = Scale(rounds=3, seconds=1, signatures=500)


@dataclass
class Comparison:
    """What is measured in the same rounds: for each row a unit and how to measure it."""

    scale: Scale
    cores: Cores
    folder: Path
    stack: ExitStack
    measures: dict[str, Measure] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)

    def server(
        self, name: str, command: Sequence[str | Path], port: int, **environment: str
    ) -> Server:
        """Start a server, which ends with the benchmark. Raises ServerFailed."""
        return self.stack.enter_context(self.short_lived(name, command, port, **environment))

    def short_lived(
        self, name: str, command: Sequence[str | Path], port: int, **environment: str
    ) -> Server:
        """Start a server that the caller ends. Raises ServerFailed."""
        return Server(
            command,
            port=port,
            cores=self.cores,
            log=self.folder / f"{name}.log",
            environment=environment,
        )

    def add(self, name: str, unit: str, measure: Measure) -> None:
        """Add a row."""
        self.measures[name] = measure
        self.units[name] = unit

    def add_asked(
        self,
        name: str,
        servers: StartServers,
        port: int,
        messages: Iterable[bytes],
        *,
        connections: int | None = None,
        prepare: Callable[[], object] = lambda: None,
    ) -> Asked:
        """Add a row of requests answered; what was not checked is counted by status alone."""
        load = Load(
            port=port,
            requests=write_requests(self.folder / f"{name}.requests", messages),
            cores=self.cores,
            connections=connections or self.scale.connections,
        )
        asked = Asked(servers, load, self.scale.seconds, prepare)
        self.asked[name] = asked
        self.add(name, PER_CPU_SECOND, asked.measure)
        return asked

    def add_status(
        self,
        name: str,
        servers: StartServers,
        port: int,
        *,
        issuer: x509.Certificate,
        questions: Sequence[Question],
        message: Message,
        connections: int | None = None,
        prepare: Callable[[], object] = lambda: None,
    ) -> Asked:
        """Add a row of status answers, of which a sample is verified and each is looked at."""
        asked = self.add_asked(
            name, servers, port, map(message, questions), connections=connections, prepare=prepare
        )
        prepare()
        with servers():
            sample = questions[: self.scale.sample]
            expected = check_answers(name, port, issuer, sample, message)
        asked.check(expected)
        return asked

    def rows(self) -> list[Row]:
        """Measure everything in interleaved rounds."""
        measured = interleave(self.measures, rounds=self.scale.rounds)
        return [
            Row(name, series.median, self.units[name], spread=series.spread)
            for name, series in measured.items()
        ]

    def p99(self, name: str) -> float:
        """Return the median of the rounds' 99th percentiles, in ms; after :meth:`rows`."""
        # The first round warmed up.
        return median(self.asked[name].p99[1:])
