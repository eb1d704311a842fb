"""A SQLite file that is moved, deleted or replaced under a running process.

SQLite goes on in the file that it opened, wherever its name went: what is committed to a deleted
file ends with the process. And opening a name that is not there makes an empty database.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

_OPENED = "camtrust_opened_file"


def follow_file(engine: Engine, path: Path) -> None:
    """Use a connection only while it leads to the file at ``path``; else open that file anew.

    A file that was there once and is gone is not made again: connecting then fails as to a
    server that is away, and works again when the file is back.
    """
    known: set[tuple[int, int]] = set()

    @event.listens_for(engine, "do_connect")
    def refuse_to_begin_anew(*_arguments: Any) -> None:
        if known and _identity(path) is None:
            raise sqlite3.OperationalError("the database's file is gone")

    @event.listens_for(engine, "checkout")
    def check_file(_connection: Any, record: Any, _proxy: Any) -> None:
        present = _identity(path)
        opened = record.info.setdefault(_OPENED, present)
        if present is None or present != opened:
            raise DisconnectionError("the database's file was moved or replaced")
        known.add(present)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
