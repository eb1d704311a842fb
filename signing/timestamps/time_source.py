"""The time that goes into tokens: from a clock that is trusted, and never running backwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from core.clock import Clock
from signing.timestamps.errors import ClockNotTrusted

# How long the kernel's word is believed before it is asked again.
LOOK_AGAIN_SECONDS = 1.0


class ClockTrust(Protocol):
    """Knows whether the machine's clock can be believed."""

    def check(self) -> None:
        """Let a trusted clock pass. Raises ClockNotTrusted, with the reason in its detail."""

    def describe(self) -> str:
        """Return in a few words what the trust relies on."""


class DeclaredTrust:
    """Whoever made the settings vouches for the clock."""

    def check(self) -> None:
        """Let every clock pass."""

    def describe(self) -> str:
        """Return that nothing is checked."""
        return "the settings declare it right; nothing is checked"


class TimeSource:
    """Tells the time of a token; safe in many threads."""

    def __init__(
        self,
        *,
        clock: Clock,
        trust: ClockTrust,
        accuracy: timedelta,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._trust = trust
        self._accuracy = accuracy
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._trusted_until = float("-inf")
        self._latest: datetime | None = None

    def now(self) -> datetime:
        """Return the present, never before what was returned earlier. Raises ClockNotTrusted.

        A clock that was set back by less than the accuracy stands still until it has caught
        up; one that was set back by more has been wrong, or is.
        """
        if self._monotonic() >= self._trusted_until:
            self._trust.check()
            self._trusted_until = self._monotonic() + LOOK_AGAIN_SECONDS
        with self._lock:
            present = self._clock.now()
            latest = self._latest
            if latest is None or present >= latest:
                self._latest = present
                return present
            if latest - present > self._accuracy:
                raise ClockNotTrusted(
                    "The clock was set back: tokens with a later time were issued already.",
                    kept="Nothing was stamped.",
                )
            return latest
