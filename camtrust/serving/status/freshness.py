"""Whether stored answers still follow the tables, looked up once a second."""

from __future__ import annotations

from datetime import timedelta

import structlog

from camtrust.serving.status.counts import HEARTBEAT
from core.errors import CamtrustError
from ocsp.stored.heartbeat import read_heartbeat
from ocsp.stored.store import AnswerStore


class Freshness:
    """Reads the follower's heartbeat. ``is_fresh`` is what the last look said."""

    def __init__(self, *, store: AnswerStore, follow_within: timedelta) -> None:
        self.is_fresh = False
        self._store = store
        self._follow_within = follow_within.total_seconds()
        self._events = structlog.get_logger("ocsp")

    def look(self, now: float) -> None:
        """Look whether the follower is alive; ``now`` is in seconds since 1970."""
        try:
            heartbeat = read_heartbeat(self._store)
        except CamtrustError:
            # Nothing can be found in it either while it is away.
            heartbeat = None
        # One far in the future is from another clock, and would hide for long that none follows.
        is_fresh = heartbeat is not None and abs(now - heartbeat) <= self._follow_within
        HEARTBEAT.set(heartbeat or 0)
        if is_fresh != self.is_fresh:
            self._tell(is_fresh)
        self.is_fresh = is_fresh

    def _tell(self, is_fresh: bool) -> None:
        if is_fresh:
            self._events.info("stored-answers-followed")
        else:
            # Live signing now carries what stored answers did: somebody has to know.
            self._events.warning("stored-answers-not-followed")
