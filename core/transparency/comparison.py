"""Comparing what the log says was done with what the database says, in both directions.

Both sides are reduced to a key (what the act is about) and a state (what is true of it now);
the last entry about a key wins, as the last change of a row does. They meet in a temporary
SQLite database, which spills to disk, so millions of acts need no memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from sqlalchemy import Connection

from core.transparency.entry import LogEntry

_BATCH = 1000

_TABLES = """
CREATE TABLE logged (key TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE stored (key TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
"""
_DIFFERENCES = """
SELECT key, logged.state, stored.state FROM logged LEFT JOIN stored USING (key)
 WHERE stored.state IS NULL OR stored.state <> logged.state
UNION ALL
SELECT key, NULL, state FROM stored WHERE key NOT IN (SELECT key FROM logged)
LIMIT ?
"""


@dataclass(frozen=True)
class Act:
    """One thing that was done: ``key`` names its object, ``state`` is what became of it.

    For example ``Act("people-1/0a1b", "issued 9f86...")``. No personal data.
    """

    key: str
    state: str


class ActsView(Protocol):
    """What a package's tables know that the log must know too. The package supplies it."""

    @property
    def name(self) -> str:
        """What the acts are, for the report: ``certificates``."""

    def act_of(self, entry: LogEntry) -> Act | None:
        """Return what an entry says, or None when it is of no concern to this view."""

    def stored_acts(self, connection: Connection) -> Iterable[Act]:
        """Yield the present state of every act in the database, each key once."""


@dataclass(frozen=True)
class Difference:
    """A key whose state in the log and in the database differ; None: it is missing there."""

    key: str
    logged: str | None
    stored: str | None


class ActComparison:
    """Collects one view's acts from both sides; use it in a ``with`` block's ``closing``."""

    def __init__(self) -> None:
        # An empty name: a private database on disk that goes away by itself.
        self._scratch = sqlite3.connect("", isolation_level=None)
        self._scratch.executescript(_TABLES)
        self._scratch.execute("BEGIN")

    def close(self) -> None:
        """Drop everything that was collected."""
        self._scratch.close()

    def add_logged(self, acts: Iterable[Act]) -> None:
        """Take acts in the log's order; a later one about the same key replaces the earlier."""
        self._add("INSERT OR REPLACE INTO logged VALUES (?, ?)", acts)

    def add_stored(self, acts: Iterable[Act]) -> None:
        """Take the database's acts."""
        self._add("INSERT OR REPLACE INTO stored VALUES (?, ?)", acts)

    def differences(self, limit: int) -> list[Difference]:
        """Return at most ``limit`` differences."""
        rows = self._scratch.execute(_DIFFERENCES, (limit,))
        return [Difference(*row) for row in rows]

    def _add(self, statement: str, acts: Iterable[Act]) -> None:
        with closing(self._scratch.cursor()) as cursor:
            for batch in _batches(acts):
                cursor.executemany(statement, ((act.key, act.state) for act in batch))


def _batches(acts: Iterable[Act]) -> Iterator[list[Act]]:
    remaining = iter(acts)
    while batch := list(islice(remaining, _BATCH)):
        yield batch
