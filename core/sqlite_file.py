"""A SQLite file that is moved, deleted or replaced under a running process.

SQLite goes on in the file that it opened, wherever its name went: what is committed to a deleted
file ends with the process. And opening a name that is not there makes an empty database.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DisconnectionError

_OPENED = "camtrust_opened_file"


class FollowedFile:
    """Connects to a file, and uses a connection only while it leads to the file of that name.

    A file that was there once and is gone is not made again: connecting then fails as to a
    server that is away, and works again when the file is back.
    """

    def __init__(self, path: Path, *, timeout: float) -> None:
        """``timeout``: how many seconds a writer waits for another."""
        self._path = path
        self._timeout = timeout
        self._known: set[tuple[int, int]] = set()

    def connect(self) -> sqlite3.Connection:
        """Open the file. Raises sqlite3.OperationalError."""
        if self._known and _identity(self._path) is None:
            raise sqlite3.OperationalError("the database's file is gone")
        # The pool gives a connection to one thread at a time.
        return sqlite3.connect(self._path, timeout=self._timeout, check_same_thread=False)

    def check(self, _connection: Any, record: Any, _proxy: Any) -> None:
        """Check a connection of the pool before it is used. Raises DisconnectionError."""
        present = _identity(self._path)
        opened = record.info.setdefault(_OPENED, present)
        if present is None or present != opened:
            raise DisconnectionError("the database's file was moved or replaced")
        self._known.add(present)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
