"""Wires the time-stamping authority."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from flask import Blueprint

from core.scheduler import Job
from signing.service_keys.renewal import ServiceKeyRenewal
from signing.timestamps.authority import TimestampAuthority
from signing.timestamps.definitions import UNITS
from signing.timestamps.kernel_clock import KernelTrust
from signing.timestamps.report import UnitCollector, UnitReports
from signing.timestamps.routes import timestamps_blueprint
from signing.timestamps.serial_numbers import SerialNumbers
from signing.timestamps.settings import POLICY_NUMBER, ClockSource, TimestampSettings
from signing.timestamps.time_source import ClockTrust, DeclaredTrust, TimeSource
from signing.timestamps.units import Units

if TYPE_CHECKING:
    from camtrust.wiring import Services


class TimestampWiring:
    """The part of :class:`camtrust.wiring.Services` that time-stamps need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def settings(self) -> TimestampSettings:
        """The section ``[tsa]``."""
        return self._services.settings.tsa

    @property
    def policies(self) -> tuple[str, ...]:
        """The time-stamp policies that are offered, the one by default first."""
        own = f"{self._services.settings.ca.policy_arc}.{POLICY_NUMBER}"
        return self.settings.policies or (own,)

    @cached_property
    def clock_trust(self) -> ClockTrust:
        """Whether the machine's clock can be believed, and why."""
        production = self._services.settings.ca.production
        source = self.settings.clock or (ClockSource.KERNEL if production else ClockSource.DECLARED)
        if source is ClockSource.KERNEL:
            return KernelTrust(bound=self.settings.clock_error_bound)
        return DeclaredTrust()

    @cached_property
    def units(self) -> Units:
        """Who signs."""
        return Units(
            certificates=self._services.service_certificates,
            accuracy=self.settings.accuracy,
            clock=self._services.clock,
        )

    @cached_property
    def renewal(self) -> ServiceKeyRenewal:
        """Certifies who signs."""
        return self._services.service_key_renewal(
            UNITS, token=self.settings.token, renew_before=self.settings.renew_before
        )

    @cached_property
    def authority(self) -> TimestampAuthority:
        """Stamps."""
        return self.authority_with(TimeSource)

    def authority_with(self, time_source: type[TimeSource]) -> TimestampAuthority:
        """Return an authority of the same units whose time is of another kind."""
        clock, settings = self._services.clock, self.settings
        return TimestampAuthority(
            units=self.units,
            serial_numbers=SerialNumbers(
                database=self._services.database, clock=clock, block=settings.serial_block
            ),
            time_source=time_source(
                clock=clock, trust=self.clock_trust, accuracy=settings.accuracy
            ),
            policies=self.policies,
            largest_request_octets=settings.largest_request_octets,
        )

    @cached_property
    def reports(self) -> UnitReports:
        """How units and clock stand."""
        return UnitReports(units=self.units, clock_trust=self.clock_trust)

    @property
    def collector(self) -> UnitCollector:
        """Their numbers for Prometheus."""
        return UnitCollector(self.reports)

    @property
    def jobs(self) -> list[Job]:
        """What happens by itself."""
        if not self.settings.renews_itself:
            return []
        return [Job("time-stamping-units", timedelta(minutes=10), self.renewal.renew_due)]

    @cached_property
    def blueprint(self) -> Blueprint:
        """The routes."""
        return timestamps_blueprint(self.authority)
