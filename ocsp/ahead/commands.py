"""``camtrust ocsp sign-ahead`` and ``camtrust ocsp stored``."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import click
from rich.console import Console
from rich.progress import Progress

from ca.authorities import Authorities
from core.clock import Clock
from core.errors import CamtrustError, Unavailable
from core.event_log import set_up_event_log
from ocsp.ahead.following import Follower
from ocsp.ahead.ranges import SigningRange
from ocsp.ahead.report import AheadReport, AheadReports
from ocsp.ahead.running import walk_until
from ocsp.ahead.walking import Stepped, Walker
from ocsp.renewal import ResponderRenewal

_SHOWN_EVERY_SECONDS = 0.5


class Ahead(Protocol):
    """What signs ahead in this home."""

    @property
    def follower(self) -> Follower:
        """Signs at once what the log changed."""

    @property
    def reports(self) -> AheadReports:
        """How signing ahead stands."""

    def walker(self, stepped: Stepped) -> Walker:
        """Return a walker for the calling thread."""

    def worker_command(self, *arguments: str) -> Sequence[str]:
        """Return the command line of one more process that walks."""


class AheadServices(Protocol):
    """What these commands ask of the context's object."""

    @property
    def ahead(self) -> Ahead:
        """What signs ahead."""

    @property
    def authorities(self) -> Authorities:
        """The authorities that exist."""

    @property
    def responder_renewal(self) -> ResponderRenewal:
        """Renews the responders' certificates."""

    @property
    def clock(self) -> Clock:
        """The clock."""


class NotAllSigned(Unavailable):
    """Some answers could not be signed."""

    problem = "answers-not-signed"
    title = "Not all answers could be signed ahead"


class _Tally:
    """Counts what was signed, and draws the bar."""

    def __init__(self, reports: AheadReports) -> None:
        self.certificates = 0
        self._reports = reports
        self._shown_at = float("-inf")
        console = Console(stderr=True)
        self.bar = Progress(console=console, disable=not console.is_terminal)
        self._task = self.bar.add_task("Signing ahead", total=1.0)

    def stepped(self, _range: SigningRange, certificates: int) -> None:
        self.certificates += certificates
        self.show()

    def show(self) -> None:
        if not self.bar.disable and time.monotonic() - self._shown_at >= _SHOWN_EVERY_SECONDS:
            self._shown_at = time.monotonic()
            self.bar.update(self._task, completed=self._reports.progress())


@click.command("sign-ahead")
@click.option("--workers", type=click.IntRange(1, 256), default=1, help="Processes that sign.")
@click.option("--once", is_flag=True, help="End when nothing is due any more.")
@click.option("--authority", "authorities", multiple=True, help="Only of this one; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def sign_ahead(
    services: AheadServices, workers: int, once: bool, authorities: tuple[str, ...], as_json: bool
) -> None:
    """Sign the answers of all certificates ahead, as `camtrust serve` does in the background.

    For a first load of millions, and for more machines. It can be interrupted at any moment and
    goes on where it was.
    """
    for name in authorities:
        # A name that is misspelt would sign nothing, and look as if nothing were due.
        services.authorities.authority(name)
    # Whatever is not the result goes to stderr.
    set_up_event_log(stream=sys.stderr)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _prepare(services)
    tally, started = _Tally(services.ahead.reports), time.monotonic()
    walker = services.ahead.walker(tally.stepped)
    walker.divide()
    others = _start_others(services.ahead, workers - 1, once, authorities)
    with tally.bar:
        if once:
            _walk_once(walker, stop, authorities, others, tally)
        else:
            walk_until(stop, walker, authorities=authorities)
    signed = tally.certificates + sum(_result(one) for one in others)
    seconds = time.monotonic() - started
    if as_json:
        click.echo(json.dumps({"certificates": signed, "seconds": round(seconds, 3)}))
    else:
        click.echo(f"{signed} certificates signed ahead in {seconds:.1f} s.")
    if once and not stop.is_set():
        _check_all(services.ahead.reports.report(), authorities)


def _prepare(services: AheadServices) -> None:
    try:
        services.responder_renewal.renew_due()
    except CamtrustError as error:
        # Its authority's answers stay unsigned, and the end of this command says so.
        click.echo(f"A responder could not be renewed: {error.detail}", err=True)
    # A store begins to follow the log before anything is signed into it.
    services.ahead.follower.follow()


def _start_others(
    ahead: Ahead, count: int, once: bool, authorities: Sequence[str]
) -> list[subprocess.Popen[bytes]]:
    arguments = ["--json", *(["--once"] if once else [])]
    for one in authorities:
        arguments += ["--authority", one]
    command = ahead.worker_command(*arguments)
    # Our own interpreter and our own arguments.
    return [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(count)]  # noqa: S603


def _walk_once(
    walker: Walker,
    stop: threading.Event,
    authorities: Sequence[str],
    others: Sequence[subprocess.Popen[bytes]],
    tally: _Tally,
) -> None:
    while not stop.is_set() and walker.walk_one(stop, authorities=authorities):
        pass
    while not stop.wait(_SHOWN_EVERY_SECONDS if others else 0) and _running(others):
        tally.show()


def _running(others: Sequence[subprocess.Popen[bytes]]) -> bool:
    return any(one.poll() is None for one in others)


def _result(other: subprocess.Popen[bytes]) -> int:
    if other.poll() is None:
        other.terminate()
    said, _ = other.communicate()
    try:
        return int(json.loads(said)["certificates"])
    except (ValueError, KeyError):
        return 0


def _check_all(report: AheadReport, authorities: Sequence[str]) -> None:
    left = [
        one.authority
        for one in report.authorities
        if (one.not_signed or one.to_mend) and (not authorities or one.authority in authorities)
    ]
    if left:
        raise NotAllSigned(
            f"Not all answers of {', '.join(left)} could be signed.",
            kept="What was signed is stored; run the command again for the rest.",
        )


@click.command("stored")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def stored(services: AheadServices, as_json: bool) -> None:
    """Say how the answers stand that were signed ahead."""
    report, now = services.ahead.reports.report(), services.clock.now()
    if as_json:
        click.echo(json.dumps(_facts(report, now), sort_keys=True))
        return
    if report.store is None:
        click.echo("Nothing was signed ahead yet: run `camtrust serve`.")
        return
    lag = report.lag(now)
    behind = "never" if lag is None else f"{lag.total_seconds():.0f} s ago"
    click.echo(
        f"{report.records} certificates stored; all of the log was in the store {behind}, "
        f"{report.lag_entries} entries wait."
    )
    for one in report.authorities:
        until = "-" if one.holds_until is None else f"{one.holds_until:%Y-%m-%d %H:%M} UTC"
        click.echo(
            f"{one.authority}: all hold until {until}; ranges: {one.ranges}, of them not signed "
            f"yet {one.not_signed}, overdue {one.overdue}, with answers missing {one.to_mend}"
        )


def _facts(report: AheadReport, now: datetime) -> dict[str, object]:
    lag = report.lag(now)
    return {
        "store": report.store,
        "certificates": report.records,
        "lag_entries": report.lag_entries,
        "lag_seconds": None if lag is None else lag.total_seconds(),
        "authorities": {
            one.authority: {
                "ranges": one.ranges,
                "overdue": one.overdue,
                "to_mend": one.to_mend,
                "not_signed": one.not_signed,
                "holds_until": None if one.holds_until is None else one.holds_until.isoformat(),
            }
            for one in report.authorities
        },
    }
