"""Keep quiet while the database is older than what was published.

A restored backup does not know the latest revocations: it would call good what is revoked. The
log knows, and until it is replayed no answer is given.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from core.database import Database
from core.transparency.errors import LogUnavailable
from core.transparency.log import TransparencyLog
from core.transparency.tree_store import read_tree

# A backup is not restored under a running service within the blink of an eye.
CHECK_EVERY_SECONDS = 30.0


class RestorationCheck:
    """Compares the database with the published log every so often."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._log = log
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._good_until = float("-inf")
        # How many log entries the database had when it was last found whole; None: never yet.
        self._size: int | None = None

    def check(self) -> None:
        """Raise LogBehindPublication while the database is the older one.

        Raises LogUnavailable while the log is away and cannot say so.
        """
        if self._monotonic() < self._good_until:
            return
        with self._lock:
            if self._monotonic() < self._good_until:
                return
            try:
                with self._database.begin() as connection:
                    # Appending nothing makes the comparison and writes nothing.
                    self._log.append(connection, [])
                    self._size = read_tree(connection).size
            except LogUnavailable:
                self._check_without_log()
                return
            self._good_until = self._monotonic() + CHECK_EVERY_SECONDS

    def check_now(self) -> None:
        """Compare at this moment, before something is done that cannot be undone.

        Raises what :meth:`check` raises.
        """
        self._good_until = float("-inf")
        self.check()

    def _check_without_log(self) -> None:
        # Its folder is away or full: nothing can be revoked either, so nothing that is answered
        # meanwhile is out of date; unless an old backup was restored beside it. A database that
        # is not shorter than this process found it is not that backup.
        with self._database.read() as connection:
            size = read_tree(connection).size
        if self._size is None or size < self._size:
            raise LogUnavailable(
                "The log is away, and without it nobody knows whether the database is up to date."
            )
