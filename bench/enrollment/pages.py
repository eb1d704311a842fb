"""How long officers' pages take, with few and with many applications stored."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from bench.enrollment.homes import EnrolmentHome
from bench.ocsp.cores import Cores
from bench.results import Row
from bench.rounds import Measure
from bench.subject import Subject


@dataclass
class Pages:
    """Views of every round, by how many applications were stored."""

    stack: ExitStack
    folder: Path
    cores: Cores
    seen: dict[int, list[list[float]]] = field(default_factory=dict)

    def add(self, home: EnrolmentHome, count: int, views: int) -> Measure:
        """Have an officer view each page in each round. Raises SubjectFailed."""
        officer = self.stack.enter_context(
            Subject(
                self.cores.on_server(sys.executable, "-m", "bench.enrollment.page_views"),
                configuration={"home": str(home.folder), "certificate": home.officers[1]},
                log=self.folder / f"pages-{count}.log",
            )
        )
        rounds = self.seen[count] = []

        def measure() -> float:
            taken = officer.ask(views=views)["milliseconds"]
            rounds.append(taken)
            return float(median(taken))

        return measure

    def rows(self) -> list[Row]:
        """Return the median and the 99th percentile of all views but those of the first round."""
        rows = []
        for count, rounds in self.seen.items():
            taken = [one for seen in rounds[1:] for one in seen]
            rows.append(Row(f"page.p50.{count}", median(taken), "ms"))
            rows.append(Row(f"page.p99.{count}", quantiles(taken, n=100)[98], "ms"))
        return rows

    def pairs(self, few: int) -> dict[str, str]:
        """Return which row is compared with that of ``few`` applications."""
        return {
            f"page.{which}.{count}": f"page.{which}.{few}"
            for count in self.seen
            for which in ("p50", "p99")
            if count != few
        }
