"""The benchmark of enrolment: what is served, what each round asks, and the rows.

A rate is orders taken from newOrder to the certificate, for each second by the clock and for each
CPU-second of all processes of the server.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bench.enrollment import acme_servers
from bench.enrollment.acme_servers import AcmeServer
from bench.enrollment.homes import enrolment_home
from bench.ocsp.cores import Cores
from bench.ocsp.servers import Server, free_port
from bench.results import Row, against
from bench.rounds import Measure, Series, interleave
from bench.subject import Subject

OURS, PEBBLE, ACME2CERTIFIER = "acme.order", "peer.pebble", "peer.acme2certifier"
PER_CPU_SECOND, PER_SECOND = "orders/CPU-second", "orders/second"
BY_THE_CLOCK = ".by-the-clock"
PAIRS = {
    OURS: PEBBLE,
    ACME2CERTIFIER: OURS,
    OURS + BY_THE_CLOCK: PEBBLE + BY_THE_CLOCK,
    ACME2CERTIFIER + BY_THE_CLOCK: OURS + BY_THE_CLOCK,
}


@dataclass(frozen=True)
class Scale:
    """How many rounds, and how many orders a round asks of each server."""

    rounds: int = 5
    ours: int = 120
    pebble: int = 400
    acme2certifier: int = 40


QUICK = Scale(rounds=3, ours=40, pebble=120, acme2certifier=12)


@dataclass
class _Comparison:
    """Servers that run, and what was seen of them by the clock."""

    stack: ExitStack
    folder: Path
    cores: Cores = field(default_factory=Cores.of_this_machine)
    measures: dict[str, Measure] = field(default_factory=dict)
    by_the_clock: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, described: AcmeServer, port: int, orders: int) -> None:
        """Start a server and its client. Raises ServerFailed and SubjectFailed."""
        server = self.stack.enter_context(
            Server(
                described.command,
                port=port,
                cores=self.cores,
                log=self.folder / f"{name}.log",
                environment=described.environment,
            )
        )
        client = self.stack.enter_context(
            Subject(
                self.cores.on_client(sys.executable, "-m", "bench.enrollment.acme_client"),
                configuration=described.configuration,
                log=self.folder / f"{name}.client.log",
            )
        )
        rates = self.by_the_clock[name] = []

        def measure() -> float:
            client.ask(prepare=orders)
            before = server.cpu_seconds()
            done = client.ask(order=True)
            rates.append(done["count"] / done["seconds"])
            return float(done["count"] / (server.cpu_seconds() - before))

        self.measures[name] = measure

    def rows(self, rounds: int) -> list[Row]:
        """Measure everything in interleaved rounds."""
        rows = []
        for name, series in interleave(self.measures, rounds=rounds).items():
            rows.append(Row(name, series.median, PER_CPU_SECOND, spread=series.spread))
            # The first round warms caches here as well.
            clock = Series(tuple(self.by_the_clock[name][1:]))
            rows.append(Row(name + BY_THE_CLOCK, clock.median, PER_SECOND, spread=clock.spread))
        return rows


def compare_enrollment(*, scale: Scale, with_peers: bool) -> list[Row]:
    """Measure everything and return the rows.

    Raises HomeNotMade, ServerFailed, SubjectFailed and PeerNotInstalled.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="camtrust-bench-")))
        comparison = _Comparison(stack, folder)
        home = enrolment_home(folder / "home")
        port = free_port()
        served = acme_servers.ours(home.folder, port, kid=home.kid, secret=home.secret)
        comparison.add(OURS, served, port, scale.ours)
        if with_peers:
            _add_peers(comparison, scale)
        return against(comparison.rows(scale.rounds), PAIRS)


def _add_peers(comparison: _Comparison, scale: Scale) -> None:
    port = free_port()
    pebble = acme_servers.pebble(comparison.folder / "pebble", port)
    if pebble is None:
        click.echo("pebble is not installed (Debian's package pebble): no rows for it.", err=True)
    else:
        comparison.add(PEBBLE, pebble, port, scale.pebble)
    port = free_port()
    served = acme_servers.acme2certifier(comparison.folder / "acme2certifier", port)
    comparison.add(ACME2CERTIFIER, served, port, scale.acme2certifier)
