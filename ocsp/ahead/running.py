"""The process that follows and walks until it is told to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import timedelta

import structlog

from core.errors import CamtrustError
from core.leases import Leases
from core.transparency.errors import LogBehindPublication
from ocsp.ahead.following import Followed, Follower
from ocsp.ahead.walking import Walker

FOLLOW_EVERY_SECONDS = 1.0
# How long walkers rest when nothing is due, and how often new authorities are looked for.
IDLE_SECONDS = 2.0
DIVIDE_EVERY_SECONDS = 10.0
# Of several machines with one store the first follows; another takes over after this.
LEASE = timedelta(seconds=20)
RENEW_EVERY_SECONDS = 5.0

RoundReport = Callable[[Followed], None]


class FollowerLease:
    """Asks for the lease every so often: most rounds cost the database no write."""

    def __init__(self, *, leases: Leases, name: str, holder: str) -> None:
        self._leases = leases
        self._name = name
        self._holder = holder
        self._until = float("-inf")
        self._has = False

    def is_mine(self) -> bool:
        """Tell whether this process is the one that follows. Raises DatabaseUnavailable."""
        if time.monotonic() >= self._until:
            self._has = self._leases.take(self._name, holder=self._holder, duration=LEASE)
            self._until = time.monotonic() + RENEW_EVERY_SECONDS
        return self._has

    def give_back(self) -> None:
        """Let another follow at once."""
        with suppress(CamtrustError):
            self._leases.give_back(self._name, holder=self._holder)


def follow_until(
    stop: threading.Event, follower: Follower, lease: FollowerLease, report: RoundReport
) -> None:
    """Follow once a second; a round that fails is tried again in the next second."""
    events = structlog.get_logger("signing-ahead")
    said: str | None = None
    while not stop.wait(FOLLOW_EVERY_SECONDS):
        try:
            if lease.is_mine():
                report(follower.follow())
            said = None
        except CamtrustError as error:
            # Once, not every second while the database is away.
            if said != error.problem:
                behind = isinstance(error, LogBehindPublication)
                events.warning("not-following", problem=error.problem, restored=behind)
            said = error.problem
        except Exception:
            events.exception("round-failed")
    lease.give_back()


def walk_until(stop: threading.Event, walker: Walker, *, authorities: Collection[str] = ()) -> None:
    """Walk wherever something is due; rest where nothing is."""
    events = structlog.get_logger("signing-ahead")
    divided_at = float("-inf")
    while not stop.is_set():
        worked = False
        try:
            if time.monotonic() - divided_at >= DIVIDE_EVERY_SECONDS and walker.divide():
                divided_at = time.monotonic()
            worked = walker.walk_one(stop, authorities=authorities)
        except CamtrustError as error:
            events.warning("not-walking", problem=error.problem)
        except Exception:
            events.exception("walk-failed")
        if not worked:
            stop.wait(IDLE_SECONDS)
