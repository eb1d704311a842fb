"""A bounded number of threads for what may take long, so that the others stay free."""

from __future__ import annotations

import threading


class Slots:
    """``count`` may be inside at once, and ``waiting`` more wait at most ``wait_seconds``."""

    def __init__(self, count: int, *, waiting: int, wait_seconds: float) -> None:
        self.threads = count + waiting
        self._inside = threading.BoundedSemaphore(count)
        self._queue = threading.BoundedSemaphore(waiting) if waiting else None
        self._wait_seconds = wait_seconds

    def enter(self) -> bool:
        """Go inside; False where there was no room in time. Who is inside has to leave."""
        if self._inside.acquire(blocking=False):
            return True
        if self._queue is None or not self._queue.acquire(blocking=False):
            return False
        try:
            return self._inside.acquire(timeout=self._wait_seconds)
        finally:
            self._queue.release()

    def leave(self) -> None:
        """Make room for the next."""
        self._inside.release()
