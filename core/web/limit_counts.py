"""How often each caller has asked: counted in a shared storage, or in memory while that is away."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Lock

import structlog
from limits import RateLimitItem
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

# How long a storage that was away is left alone.
PAUSE_SECONDS = 10.0
# How often windows that are over are looked for in memory.
SWEEP_SECONDS = 60.0


@dataclass(frozen=True)
class Standing:
    """How a caller stands to a limit once a request was counted; ``reset_at``: Unix seconds."""

    limit: RateLimitItem
    is_over: bool
    remaining: int
    reset_at: float


class LimitCounts:
    """Counts requests in fixed windows. Safe in many threads.

    Raises ``limits.errors.ConfigurationError`` for a ``storage_url`` that cannot be used here.
    """

    def __init__(self, storage_url: str | None) -> None:
        self._own = FixedWindowRateLimiter(ProcessCounts())
        self._shared = storage_url and FixedWindowRateLimiter(storage_from_string(storage_url))
        self._away_until = float("-inf")

    def count(self, limit: RateLimitItem, *whose: str) -> Standing:
        """Count one request."""
        if self._shared and time.monotonic() >= self._away_until:
            try:
                return _counted(self._shared, limit, whose)
            except self._shared.storage.base_exceptions:
                self._away_until = time.monotonic() + PAUSE_SECONDS
                structlog.get_logger().warning("rate-limit-storage-away")
        return _counted(self._own, limit, whose)


def _counted(
    counter: FixedWindowRateLimiter, limit: RateLimitItem, whose: tuple[str, ...]
) -> Standing:
    is_over = not counter.hit(limit, *whose)
    reset_at, remaining = counter.get_window_stats(limit, *whose)
    return Standing(limit, is_over, remaining, reset_at)


@dataclass
class _Window:
    count: int
    end: float  # Unix seconds


class ProcessCounts(Storage):
    """Fixed windows in this process's memory.

    The library's own starts a thread to forget old windows, at almost every request; here they
    are forgotten in passing.
    """

    # None: it is found by nobody who names a storage in settings.
    STORAGE_SCHEME = None

    def __init__(self) -> None:
        super().__init__()
        self._windows: dict[str, _Window] = {}
        self._lock = Lock()
        self._sweep_at = time.time() + SWEEP_SECONDS

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the library's callers catch; nothing is raised here."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, in a window of ``expiry`` seconds that begins with its first count."""
        now = time.time()
        with self._lock:
            self._sweep(now)
            window = self._windows.get(key)
            if window is None or window.end <= now:
                window = self._windows[key] = _Window(0, now + expiry)
            window.count += amount
            return window.count

    def get(self, key: str) -> int:
        """Return the count of a window that is not over."""
        window = self._windows.get(key)
        return 0 if window is None or window.end <= time.time() else window.count

    def get_expiry(self, key: str) -> float:
        """Return when a window ends."""
        window = self._windows.get(key)
        return time.time() if window is None else window.end

    def check(self) -> bool:
        """Memory is never away."""
        return True

    def reset(self) -> int:
        """Forget everything; return how many windows there were."""
        with self._lock:
            number = len(self._windows)
            self._windows.clear()
        return number

    def clear(self, key: str) -> None:
        """Forget a window."""
        self._windows.pop(key, None)

    def _sweep(self, now: float) -> None:
        if now < self._sweep_at:
            return
        self._sweep_at = now + SWEEP_SECONDS
        for key in [key for key, window in self._windows.items() if window.end <= now]:
            del self._windows[key]
