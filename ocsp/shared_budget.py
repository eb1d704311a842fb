"""A budget that the processes of many machines share, counted in Redis."""

from __future__ import annotations

import time
from collections.abc import Callable

import redis
import structlog

from ocsp.budget import Rate, TokenBucket

# How long Redis is waited for, and left alone after it was away.
_REDIS_TIMEOUT_SECONDS = 0.25
_LOOK_AGAIN_SECONDS = 5.0


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


def shared_budget(rate: Rate, *, name: str, storage_url: str) -> SharedBudget:
    """Return the budget ``name`` of all who count at one Redis."""
    client = redis.Redis.from_url(
        storage_url,
        socket_timeout=_REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=_REDIS_TIMEOUT_SECONDS,
    )
    return SharedBudget(rate, name=name, client=client)
