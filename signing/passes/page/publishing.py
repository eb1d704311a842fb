"""The lists as every process of this home publishes them: made once an hour, or when trust changes.

The instant is the whole hour, so that processes make the same octets and browsers fetch them once.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from core.clock import Clock
from core.errors import Unavailable
from signing.passes.errors import PassTrustUnreadable
from signing.passes.page.bundle import bundle_of
from signing.passes.page.statuses import OwnStatuses
from signing.passes.settings import PassSettings
from signing.passes.trust.signers import TrustStore


class ListsAway(Unavailable):
    """The lists of trusted signers cannot be read, and none were made before."""

    problem = "pass-lists-away"
    title = "The lists of trusted signers are not available"


@dataclass(frozen=True)
class _Made:
    hour: datetime
    state: Hashable
    octets: bytes


class ListPublisher:
    """Makes the lists. ``state`` tells cheaply whether what the others read has changed.

    ``own`` are statuses of passes that the home issues itself, whose signers are in ``trust``.
    """

    def __init__(
        self,
        *,
        trust: Callable[[], TrustStore],
        state: Callable[[], Hashable],
        own: Callable[[], Sequence[OwnStatuses]] = tuple,
        clock: Clock,
        settings: PassSettings,
    ) -> None:
        self._trust = trust
        self._state = state
        self._own = own
        self._clock = clock
        self._settings = settings
        self._made: _Made | None = None
        self._lock = threading.Lock()

    def lists(self) -> bytes:
        """Return the lists as JSON. Raises ListsAway."""
        hour = self._clock.now().replace(minute=0, second=0, microsecond=0)
        with self._lock:
            try:
                made = self._current(hour)
            except (PassTrustUnreadable, Unavailable) as error:
                if self._made is None:
                    raise ListsAway("The lists of trusted signers cannot be read here.") from error
                # Older lists say how old they are; none would leave every verifier without any.
                structlog.get_logger().warning(
                    "part-away", part="pass-lists", problem=error.problem
                )
                made = self._made
            return made.octets

    def _current(self, hour: datetime) -> _Made:
        state = self._state()
        made = self._made
        if made is None or (made.hour, made.state) != (hour, state):
            made = self._made = _Made(hour, state, self._make(hour))
        return made

    def _make(self, hour: datetime) -> bytes:
        bundle = bundle_of(
            self._trust(), self._settings, signed_at=hour, lifetime=self._lifetime, own=self._own()
        )
        return json.dumps(bundle, ensure_ascii=False, separators=(",", ":")).encode()

    @property
    def _lifetime(self) -> timedelta:
        return self._settings.lists_lifetime
