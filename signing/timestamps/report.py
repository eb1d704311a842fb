"""How the units and their clock stand: for the doctor, the command line and Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core.errors import CamtrustError
from signing.service_keys.certificates import ServiceCertificate
from signing.timestamps.definitions import UNITS, UnitDefinition
from signing.timestamps.time_source import ClockTrust
from signing.timestamps.units import Units


@dataclass(frozen=True)
class UnitReport:
    """A unit: the certificate it signs with, its successors, or why it cannot sign."""

    definition: UnitDefinition
    in_use: ServiceCertificate | None
    successors: tuple[ServiceCertificate, ...]
    refusal: str | None
    problem: str | None

    @property
    def ends(self) -> datetime | None:
        """When the last key that is certified so far may no longer sign."""
        held = [*([self.in_use] if self.in_use else []), *self.successors]
        return max((one.ends for one in held), default=None)


class UnitReports:
    """Looks at every unit, and at the clock."""

    def __init__(self, *, units: Units, clock_trust: ClockTrust) -> None:
        self._units = units
        self._clock_trust = clock_trust

    def units(self) -> list[UnitReport]:
        """Return how each unit stands. Raises DatabaseUnavailable."""
        return [self._unit(one) for one in UNITS]

    def clock_refusal(self) -> str | None:
        """Return why the clock is not trusted, None where it is."""
        try:
            self._clock_trust.check()
        except CamtrustError as error:
            return error.detail
        return None

    def clock_words(self) -> str:
        """Return what the trust in the clock relies on."""
        try:
            return self._clock_trust.describe()
        except CamtrustError as error:
            return error.detail

    def _unit(self, definition: UnitDefinition) -> UnitReport:
        in_use, refusal, problem = None, None, None
        try:
            in_use = self._units.unit(definition.name).certificate
        except CamtrustError as error:
            refusal, problem = error.detail, error.problem
        held = self._units.certificates(definition)
        after = (one for one in held if in_use and one.ends > in_use.ends)
        return UnitReport(definition, in_use, tuple(after), refusal, problem)


class UnitCollector(Collector):
    """Gauges of the units and their clock, asked for whenever they are wanted."""

    def __init__(self, reports: UnitReports) -> None:
        self._reports = reports

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges; none while the database is away, so alert on their absence."""
        try:
            units = self._reports.units()
        except CamtrustError as error:
            structlog.get_logger().warning("part-away", part="timestamps", problem=error.problem)
            return
        usable = GaugeMetricFamily(
            "camtrust_tsa_unit_usable", "Whether a time-stamping unit can sign.", labels=["unit"]
        )
        ends = GaugeMetricFamily(
            "camtrust_tsa_unit_ends_timestamp_seconds",
            "When the last key that is certified for a unit may no longer sign.",
            labels=["unit"],
        )
        for one in units:
            usable.add_metric([one.definition.name], float(one.in_use is not None))
            if one.ends is not None:
                ends.add_metric([one.definition.name], one.ends.timestamp())
        yield usable
        yield ends
        yield GaugeMetricFamily(
            "camtrust_tsa_clock_trusted",
            "Whether the clock is trusted enough to stamp.",
            value=float(self._reports.clock_refusal() is None),
        )
