"""What Prometheus is told of CRLs.

Asked of the tables whenever it is wanted, not counted by whoever issues CRLs: the numbers have to
be right above all when nobody issues any.
"""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ca.crl.watch import CrlState, CrlWatch
from core.errors import CamtrustError

_LABELS = ["authority", "kind"]


class CrlCollector(Collector):
    """Two gauges for each authority and kind of CRL."""

    def __init__(self, watch: CrlWatch) -> None:
        self._watch = watch

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges; none while the database is away, so alert on their absence too."""
        try:
            states = self._watch.states()
        except CamtrustError as error:
            structlog.get_logger().warning("part-away", part="CRLs", problem=error.problem)
            return
        yield _overdue(states)
        yield _next_update(states)


def _overdue(states: list[CrlState]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "camtrust_crls_overdue",
        "CRLs that should have been replaced and were not, or that nobody can use yet.",
        labels=_LABELS,
    )
    counts: dict[tuple[str, str], int] = {}
    for one in states:
        key = (one.authority, one.kind)
        counts[key] = counts.get(key, 0) + one.is_overdue
    for labels, count in counts.items():
        family.add_metric(labels, count)
    return family


def _next_update(states: list[CrlState]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "camtrust_crl_next_update_timestamp_seconds",
        "When the first of an authority's newest CRLs runs out.",
        labels=_LABELS,
    )
    first: dict[tuple[str, str], float] = {}
    for one in states:
        if one.newest is not None:
            key = (one.authority, one.kind)
            until = one.newest.next_update.timestamp()
            first[key] = min(until, first.get(key, until))
    for labels, until in first.items():
        family.add_metric(labels, until)
    return family
