"""The folder of a home in which others lie who are trusted, read again when it changes."""

from __future__ import annotations

import threading
from pathlib import Path

from core.clock import Clock
from signing.documents.validation.errors import TrustUnreadable
from signing.documents.validation.trust import KEPT, Trust
from signing.documents.validation.trust_files import trust_from

# How often a trusted list that nobody touched is looked at again: it may have run out.
_LOOK_AGAIN_SECONDS = 600
_Seen = tuple[tuple[str, int, int], ...]


class TrustFolder:
    """Trust beside our own root; safe in many threads."""

    def __init__(self, *, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._cached: tuple[_Seen, float, Trust] | None = None

    def trust(self) -> Trust:
        """Return whom the folder trusts; an empty one trusts nobody.

        Raises TrustUnreadable: where one file is broken, cannot be read or has run out, nothing of
        it counts until somebody has looked.
        """
        try:
            return self._trust()
        except OSError as error:
            raise TrustUnreadable(
                f"{error.filename or self.folder} cannot be read: {error.strerror}.", kept=KEPT
            ) from error

    def trust_or_nobody(self) -> Trust:
        """Return whom the folder trusts, or nobody where it cannot be read; `doctor` says why."""
        try:
            return self.trust()
        except TrustUnreadable:
            return Trust()

    def _trust(self) -> Trust:
        seen = self._look()
        if not seen:
            return Trust()
        now = self._clock.now()
        with self._lock:
            cached = self._cached
            if cached and cached[0] == seen and now.timestamp() < cached[1]:
                return cached[2]
            found = trust_from(self.folder, now=now)
            self._cached = (seen, now.timestamp() + _LOOK_AGAIN_SECONDS, found)
            return found

    def _look(self) -> _Seen:
        if not self.folder.is_dir():
            return ()
        found = []
        for one in sorted(self.folder.iterdir()):
            if one.is_file():
                state = one.stat()
                found.append((one.name, state.st_mtime_ns, state.st_size))
        return tuple(found)
