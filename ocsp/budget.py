"""How many signatures strangers may cause.

Whoever asks about serial numbers at random costs nothing and could keep the token busy with
them. A budget says how often something is done for such a question; beyond it the answer is one
that needs no signature.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
RATE_PATTERN = r"([1-9][0-9]{0,8}) per (second|minute|hour)"


class Budget(Protocol):
    """Says whether something may be done once more."""

    def take(self) -> bool:
        """Take one from the budget; False if nothing is left."""


@dataclass(frozen=True)
class Rate:
    """So many in so many seconds."""

    count: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``10 per second`` (or minute, or hour). Raises ValueError."""
        found = re.fullmatch(RATE_PATTERN, text)
        if found is None:
            raise ValueError('has to read like "10 per second"')
        return cls(int(found[1]), _SECONDS[found[2]])


class Unlimited:
    """The budget of those who are no strangers."""

    def take(self) -> bool:
        """Take one; there always is one."""
        return True


class TokenBucket:
    """The budget of one process: refilled steadily, never fuller than one period's count."""

    def __init__(self, rate: Rate, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._left = float(rate.count)
        self._counted_at = monotonic()

    def take(self) -> bool:
        """Take one; False if the bucket is empty."""
        with self._lock:
            now = self._monotonic()
            refill = (now - self._counted_at) * self._rate.count / self._rate.seconds
            self._left = min(float(self._rate.count), self._left + refill)
            self._counted_at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True


def budget(name: str, rate: str, storage_url: str | None) -> Budget:
    """Return the budget ``name``, shared where there is a Redis URL. Raises ValueError."""
    parsed = Rate.parse(rate)
    if storage_url is None:
        return TokenBucket(parsed)
    # Redis' client takes a good part of a command's start, and one machine needs none.
    from ocsp.shared_budget import shared_budget

    return shared_budget(parsed, name=name, storage_url=storage_url)
