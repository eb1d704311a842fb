"""What ``camtrust doctor`` says of time-stamps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from camtrust.wiring import Services
from signing.timestamps.errors import UnitMissing
from signing.timestamps.report import UnitReport
from signing.timestamps.time_source import DeclaredTrust


def timestamp_findings(services: Services) -> Iterator[tuple[str, bool | None]]:
    """Yield how clock and units stand, while there is time to do something."""
    wiring, now = services.timestamp_wiring, services.clock.now()
    yield from _clock(services)
    for one in wiring.reports.units():
        yield from _unit(one, now, services)


def _clock(services: Services) -> Iterator[tuple[str, bool | None]]:
    wiring = services.timestamp_wiring
    reports, trust = wiring.reports, wiring.clock_trust
    if isinstance(trust, DeclaredTrust):
        yield f'clock: {trust.describe()} (`clock = "kernel"` under [tsa] asks the kernel)', None
        return
    refusal = reports.clock_refusal()
    if refusal is None:
        yield f"clock: {reports.clock_words()}", True
    else:
        yield f"clock: {refusal} Nothing is stamped until it is.", False


def _unit(one: UnitReport, now: datetime, services: Services) -> Iterator[tuple[str, bool | None]]:
    name, settings = one.definition.name, services.settings.tsa
    if one.in_use is None:
        # Where no ceremony was held yet, it is not the units that are missing.
        is_early = not services.authorities.all()
        cure = " Run `camtrust tsa renew`." if one.problem == UnitMissing.problem else ""
        yield f"{name}: {one.refusal}{cure}", None if is_early else False
        return
    until = f"{one.in_use.ends:%Y-%m-%d}"
    if one.successors:
        yield f"{name}: signs until {until}; its successor waits", True
    elif one.in_use.ends - now >= settings.renew_before:
        yield f"{name}: signs until {until}", True
    else:
        how = "the scheduler" if settings.renews_itself else "`camtrust tsa renew`"
        yield f"{name}: signs until {until} and has no successor: {how} makes one", False
