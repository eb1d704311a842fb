"""Numbers of signing ahead for Prometheus.

How it stands is asked of the tables and the store whenever it is wanted: the numbers have to be
right above all when nobody signs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import structlog
from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core.clock import Clock
from core.errors import CamtrustError
from ocsp.ahead.following import Followed
from ocsp.ahead.ranges import SigningRange
from ocsp.ahead.report import AheadReport, AheadReports, AuthorityReport

SIGNED = Counter("camtrust_ocsp_ahead_signed", "Certificates looked at by walkers.", ["authority"])
FOLLOWED = Counter("camtrust_ocsp_ahead_followed", "Log entries that were followed.")
TAKEN_BACK = Counter(
    "camtrust_ocsp_ahead_taken_back", "Certificates whose answers were taken back unsigned."
)


def count_page(one: SigningRange, certificates: int) -> None:
    """Count certificates that a walker saw to."""
    SIGNED.labels(one.authority).inc(certificates)


def count_round(followed: Followed) -> None:
    """Count a round of the follower."""
    FOLLOWED.inc(followed.entries)
    TAKEN_BACK.inc(followed.taken_back)


class AheadCollector(Collector):
    """Gauges of the store's follower, and of each authority's answers."""

    def __init__(self, reports: Callable[[], AheadReports], clock: Clock) -> None:
        self._reports = reports
        self._clock = clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges; none while database or store is away, so alert on their absence."""
        try:
            report = self._reports().report()
        except CamtrustError as error:
            structlog.get_logger().warning("part-away", part="answers", problem=error.problem)
            return
        yield from self._of_the_store(report)
        now = self._clock.now()
        yield _family(
            "oldest_answer_holds_seconds",
            "How long the answer holds that runs out first.",
            report,
            lambda one: (
                None if one.holds_until is None else (one.holds_until - now).total_seconds()
            ),
        )
        yield _family(
            "ranges_overdue",
            "Ranges that were not signed again in time.",
            report,
            lambda one: one.overdue,
        )
        yield _family(
            "ranges_to_mend",
            "Ranges in which answers were taken back, or are missing.",
            report,
            lambda one: one.to_mend + one.not_signed,
        )

    def _of_the_store(self, report: AheadReport) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily(
            "camtrust_ocsp_follower_lag_entries",
            "Log entries whose effect is not in the store of answers.",
            value=report.lag_entries,
        )
        lag = report.lag(self._clock.now())
        if lag is not None:
            yield GaugeMetricFamily(
                "camtrust_ocsp_follower_lag_seconds",
                "How long ago the store of answers had everything.",
                value=lag.total_seconds(),
            )


def _family(
    name: str, words: str, report: AheadReport, of: Callable[[AuthorityReport], float | None]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"camtrust_ocsp_{name}", words, labels=["authority"])
    for one in report.authorities:
        value = of(one)
        if value is not None:
            family.add_metric([one.authority], value)
    return family
