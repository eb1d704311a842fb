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

import redis
import structlog

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
RATE_PATTERN = r"([1-9][0-9]{0,8}) per (second|minute|hour)"

# How long Redis is waited for, and left alone after it was away.
_REDIS_TIMEOUT_SECONDS = 0.25
_LOOK_AGAIN_SECONDS = 5.0


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


class SharedBudget:
    """One budget of all processes of all machines, counted in Redis by whole periods.

    While Redis is away each process has a bucket of its own.
    """

    def __init__(
        self,
        rate: Rate,
        *,
        name: str,
        client: redis.Redis,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = rate
        self._name = name
        self._client = client
        self._wall = wall
        self._monotonic = monotonic
        self._alone = TokenBucket(rate, monotonic=monotonic)
        self._alone_until = float("-inf")
        self._events = structlog.get_logger("ocsp")

    def take(self) -> bool:
        """Take one; False if this period's are used up."""
        if self._monotonic() < self._alone_until:
            return self._alone.take()
        try:
            return self._count() <= self._rate.count
        except redis.RedisError as error:
            self._alone_until = self._monotonic() + _LOOK_AGAIN_SECONDS
            self._events.warning("budget-not-shared", budget=self._name, error=type(error).__name__)
            return self._alone.take()

    def _count(self) -> int:
        key = f"camtrust:budget:{self._name}:{int(self._wall()) // self._rate.seconds}"
        with self._client.pipeline(transaction=True) as both:
            both.incr(key)
            # Twice as long as it counts: clocks of machines differ a little.
            both.expire(key, 2 * self._rate.seconds)
            counted, _expires = both.execute()
        return int(counted)


def budget(name: str, rate: str, storage_url: str | None) -> Budget:
    """Return the budget ``name``, shared where there is a Redis URL. Raises ValueError."""
    parsed = Rate.parse(rate)
    if storage_url is None:
        return TokenBucket(parsed)
    client = redis.Redis.from_url(
        storage_url,
        socket_timeout=_REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=_REDIS_TIMEOUT_SECONDS,
    )
    return SharedBudget(parsed, name=name, client=client)
