"""What was signed is kept until its content changes, or its period is over."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.clock import Clock

_MOST = 64


@dataclass(frozen=True)
class Published:
    """A signed list. ``tag`` is the same in every process that signed the same content."""

    octets: bytes
    tag: str


class KeptLists:
    """Keeps signed lists in memory; safe in many threads."""

    def __init__(self, *, clock: Clock, period: timedelta) -> None:
        self._clock = clock
        self._period = period
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Published] = OrderedDict()

    def get(self, name: str, version: str, make: Callable[[datetime], bytes]) -> Published:
        """Return the list ``name``, made anew where ``version`` or the period is another.

        ``make`` gets the time. One thread makes it, and others wait for that.
        """
        now = self._clock.now()
        tag = f"{version}-{int(now.timestamp()) // max(1, int(self._period.total_seconds()))}"
        with self._lock:
            known = self._kept.get(name)
            if known is None or known.tag != tag:
                known = self._kept[name] = Published(make(now), tag)
            self._kept.move_to_end(name)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
            return known
