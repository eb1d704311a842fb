"""The benchmark of enrolment: what is served, what each round asks, and the rows.

A rate is what was taken from its first request to the certificate, for each second by the clock and
for each CPU-second of all processes of the server.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from bench.enrollment import acme_servers
from bench.enrollment.acme_servers import NO_LIMIT, AcmeServer
from bench.enrollment.homes import EnrolmentHome, enrolment_home
from bench.enrollment.pages import Pages
from bench.ocsp.cores import Cores
from bench.ocsp.servers import Server, free_port
from bench.results import Row, against
from bench.rounds import Measure, Series, interleave
from bench.subject import Subject

OURS, PEBBLE, ACME2CERTIFIER = "acme.order", "peer.pebble", "peer.acme2certifier"
APPLICATIONS = "application.certificate"
UNITS = {APPLICATIONS: "applications"}
BY_THE_CLOCK = ".by-the-clock"
PAIRS = {
    OURS: PEBBLE,
    ACME2CERTIFIER: OURS,
    APPLICATIONS: OURS,
    OURS + BY_THE_CLOCK: PEBBLE + BY_THE_CLOCK,
    ACME2CERTIFIER + BY_THE_CLOCK: OURS + BY_THE_CLOCK,
    APPLICATIONS + BY_THE_CLOCK: OURS + BY_THE_CLOCK,
}
FEW = 1_000


@dataclass(frozen=True)
class Scale:
    """How many rounds, and how much a round asks of each server; ``views`` of each page."""

    rounds: int = 5
    ours: int = 120
    pebble: int = 400
    acme2certifier: int = 40
    applications: int = 80
    views: int = 60


QUICK = Scale(rounds=3, ours=40, pebble=120, acme2certifier=12, applications=24, views=20)


@dataclass
class _Comparison:
    """Servers that run, and what was seen of them by the clock."""

    stack: ExitStack
    folder: Path
    cores: Cores = field(default_factory=Cores.of_this_machine)
    measures: dict[str, Measure] = field(default_factory=dict)
    by_the_clock: dict[str, list[float]] = field(default_factory=dict)

    def add_acme(self, name: str, described: AcmeServer, port: int, orders: int) -> None:
        """Start a server and its client. Raises ServerFailed and SubjectFailed."""
        server = self.serve(name, described.command, port, described.environment)
        self.add(name, server, "acme_client", described.configuration, orders)

    def add_applications(self, home: EnrolmentHome, count: int) -> None:
        """Start the officers' listener and three officers. Raises as ``add_acme``."""
        port = free_port()
        command = [sys.executable, "-m", "bench.enrollment.officers_listener"]
        server = self.serve(APPLICATIONS, [*command, home.folder, str(port)], port, NO_LIMIT)
        told = {"url": f"http://127.0.0.1:{port}", "certificates": home.officers}
        self.add(APPLICATIONS, server, "applications_client", told, count)

    def serve(
        self, name: str, command: list[Any], port: int, environment: Mapping[str, str]
    ) -> Server:
        """Start a server."""
        log = self.folder / f"{name}.log"
        return self.stack.enter_context(
            Server(command, port=port, cores=self.cores, log=log, environment=environment)
        )

    def add(
        self, name: str, server: Server, module: str, told: Mapping[str, Any], count: int
    ) -> None:
        """Start a client, and have it ask ``count`` things of a server in each round."""
        client = self.stack.enter_context(
            Subject(
                self.cores.on_client(sys.executable, "-m", f"bench.enrollment.{module}"),
                configuration=told,
                log=self.folder / f"{name}.client.log",
            )
        )
        rates = self.by_the_clock[name] = []

        def measure() -> float:
            client.ask(prepare=count)
            before = server.cpu_seconds()
            done = client.ask(order=True)
            rates.append(done["count"] / done["seconds"])
            return float(done["count"] / (server.cpu_seconds() - before))

        self.measures[name] = measure

    def rows(self, rounds: int) -> list[Row]:
        """Measure everything in interleaved rounds."""
        rows = []
        for name, series in interleave(self.measures, rounds=rounds).items():
            if name not in self.by_the_clock:
                continue  # pages say their rows themselves
            unit = UNITS.get(name, "orders")
            rows.append(Row(name, series.median, f"{unit}/CPU-second", spread=series.spread))
            # The first round warms caches here as well.
            clock = Series(tuple(self.by_the_clock[name][1:]))
            rows.append(
                Row(name + BY_THE_CLOCK, clock.median, f"{unit}/second", spread=clock.spread)
            )
        return rows


def compare_enrollment(*, scale: Scale, stored: int, with_peers: bool) -> list[Row]:
    """Measure everything and return the rows; ``stored`` applications in the large home, or none.

    Raises HomeNotMade, ServerFailed, SubjectFailed and PeerNotInstalled.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="camtrust-bench-")))
        comparison = _Comparison(stack, folder)
        home = enrolment_home(folder / "home", stored=FEW)
        port = free_port()
        served = acme_servers.ours(home.folder, port, kid=home.kid, secret=home.secret)
        comparison.add_acme(OURS, served, port, scale.ours)
        comparison.add_applications(home, scale.applications)
        if with_peers:
            _add_peers(comparison, scale)
        pages = Pages(stack, folder, comparison.cores)
        for count in (FEW, stored) if stored else (FEW,):
            filled = enrolment_home(folder / f"pages-{count}", stored=count)
            comparison.measures[f"pages.{count}"] = pages.add(filled, count, scale.views)
        rows = comparison.rows(scale.rounds)
        return against([*rows, *pages.rows()], {**PAIRS, **pages.pairs(FEW)})


def _add_peers(comparison: _Comparison, scale: Scale) -> None:
    port = free_port()
    pebble = acme_servers.pebble(comparison.folder / "pebble", port)
    if pebble is None:
        click.echo("pebble is not installed (Debian's package pebble): no rows for it.", err=True)
    else:
        comparison.add_acme(PEBBLE, pebble, port, scale.pebble)
    port = free_port()
    served = acme_servers.acme2certifier(comparison.folder / "acme2certifier", port)
    comparison.add_acme(ACME2CERTIFIER, served, port, scale.acme2certifier)
