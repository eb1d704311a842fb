"""One span of time for everything that one exchange does, however many steps it takes."""

from __future__ import annotations

import time


class DeadlinePassed(TimeoutError):  # noqa: N818 - it is no fault
    """The time is over. A TimeoutError, so that sockets' time-outs are handled with it."""


class Deadline:
    """An instant on the monotonic clock: whatever the wall clock does, a wait ends."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds that are left, more than none. Raises DeadlinePassed."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise DeadlinePassed("the time is over")
        return left
