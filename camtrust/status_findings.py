"""What ``camtrust doctor`` says of answers that are signed ahead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from camtrust.wiring import Services
from ocsp.ahead.report import AheadReport, AuthorityReport

# The front asks the responder itself long before; a follower that was restarted is back sooner.
_FOLLOWER_MAY_REST = timedelta(minutes=5)


def ahead_findings(services: Services) -> Iterator[tuple[str, bool | None]]:
    """Yield how signing ahead stands, long before an answer runs out."""
    report, now = services.ahead.reports.report(), services.clock.now()
    if report.store is None:
        yield "nothing is signed ahead yet: `camtrust serve` does", None
        return
    yield from _follower(report, now)
    for one in report.authorities:
        yield from _authority(one, now)
    yield f"{report.records} certificates have signed answers", True


def _follower(report: AheadReport, now: datetime) -> Iterator[tuple[str, bool | None]]:
    lag = report.lag(now)
    # Of a heartbeat from the future it is not known either whether anybody follows.
    if lag is None or abs(lag) > _FOLLOWER_MAY_REST:
        since = "ever" if report.heartbeat is None else f"{report.heartbeat:%Y-%m-%d %H:%M} UTC"
        well = None if report.lag_entries == 0 else False
        yield f"nobody follows the log since {since}: {report.lag_entries} entries wait", well


def _authority(one: AuthorityReport, now: datetime) -> Iterator[tuple[str, bool | None]]:
    if not one.is_well(now):
        until = "no time" if one.holds_until is None else f"{one.holds_until:%Y-%m-%d %H:%M} UTC"
        yield (
            f"{one.authority}: {one.overdue} of {one.ranges} ranges were not signed again in "
            f"time; the first answers hold until {until}",
            False,
        )
    if one.to_mend or one.not_signed:
        missing = one.to_mend + one.not_signed
        yield f"{one.authority}: answers may be missing in {missing} ranges", None
