"""What waits in a table is told, until the receiver takes it or the tries are used up.

A row is claimed before it is told, by moving its next try ahead: two processes never tell one at
once, and one that dies meanwhile leaves it to be told again. So a message may come twice, and never
goes missing. Each receiver has a few tries at a time: one that is slow or away holds up no other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Row, Select, Table, and_, func, select, update

from core.clock import Clock
from core.database import Database
from core.outgoing.posting import Posted

# Longer than any exchange may take: who holds a claim for so long is dead.
CLAIM = timedelta(minutes=2)
# Of one round, all together and to one receiver, and how many go at once.
MOST_AT_ONCE = 16
MOST_TO_ONE = 8
THREADS = 8
# While all is taken, another round follows: slow receivers hold up the other jobs for seconds.
ROUNDS_SECONDS = 2.0
LONGEST_PROBLEM = 300

Tell = Callable[[], Posted]


class Deliveries:
    """Tells the rows of ``table`` to the ``receiver`` that a column of it names.

    The table has the columns ``state`` (``waiting``, then ``taken_state`` or ``given-up``),
    ``tries``, ``next_try_at``, ``status`` and ``problem``. ``waits``: how long after each try.
    ``given_up``: the event that is logged when the last one failed.
    """

    def __init__(
        self,
        *,
        database: Database,
        table: Table,
        receiver: ColumnElement[Any],
        taken_state: str,
        waits: Sequence[timedelta],
        given_up: str,
        clock: Clock,
    ) -> None:
        self._database = database
        self._table = table
        self._receiver = receiver
        self._taken_state = taken_state
        self._waits = waits
        self._given_up = given_up
        self._clock = clock
        self._events = structlog.get_logger()

    def send_due(self, query: Select[Any], prepare: Callable[[Row[Any]], Tell]) -> int:
        """Tell what is due of ``query``, rows of the table; return how much was taken.

        ``prepare`` reads what a row needs; what it returns runs in a thread. Raises
        DatabaseUnavailable.
        """
        end, taken = time.monotonic() + ROUNDS_SECONDS, 0
        while rows := self._claim(query):
            tells = [prepare(row) for row in rows]
            with ThreadPoolExecutor(min(THREADS, len(rows)), "deliveries") as threads:
                tried = list(threads.map(lambda tell: tell(), tells))
            for row, posted in zip(rows, tried, strict=True):
                self._note(row, posted)
            now_taken = sum(one.is_taken for one in tried)
            taken += now_taken
            if now_taken < len(rows) or time.monotonic() >= end:
                break
        return taken

    def _claim(self, query: Select[Any]) -> Sequence[Row[Any]]:
        now, table = self._clock.now(), self._table
        due = self._due(query, now)
        with self._database.begin() as connection:
            rows = connection.execute(due).all()
            for row in rows:
                claimed: dict[str, object] = {"tries": row.tries + 1, "next_try_at": now + CLAIM}
                if "tried_at" in table.c:
                    claimed["tried_at"] = now
                connection.execute(update(table).where(self._is(row)).values(**claimed))
        return rows

    def _due(self, query: Select[Any], now: datetime) -> Select[Any]:
        table = self._table
        is_due = table.c.next_try_at <= now
        rank = func.row_number().over(
            partition_by=self._receiver, order_by=(table.c.next_try_at, *table.primary_key)
        )
        ranked = (
            query.with_only_columns(*table.primary_key, rank.label("rank")).where(is_due).subquery()
        )
        same = and_(*(column == ranked.c[column.name] for column in table.primary_key))
        return (
            select(table)
            .join(ranked, same)
            # Said again: on PostgreSQL it is looked at anew once the row is locked.
            .where(ranked.c.rank <= MOST_TO_ONE, is_due)
            .order_by(table.c.next_try_at, *table.primary_key)
            .limit(MOST_AT_ONCE)
            .with_for_update(of=table, skip_locked=True)
        )

    def _note(self, row: Row[Any], posted: Posted) -> None:
        tries, table = row.tries + 1, self._table
        values: dict[str, object] = {
            "status": posted.status,
            "problem": None if posted.problem is None else posted.problem[:LONGEST_PROBLEM],
        }
        if posted.is_taken:
            values |= {"state": self._taken_state, "next_try_at": None}
        elif tries > len(self._waits):
            values |= {"state": "given-up", "next_try_at": None}
            self._events.warning(self._given_up, count=tries)
        else:
            values["next_try_at"] = self._clock.now() + self._waits[tries - 1]
        with self._database.begin() as connection:
            connection.execute(
                update(table)
                # Neither sent again by hand meanwhile, nor claimed by another since.
                .where(self._is(row), table.c.tries == tries, table.c.state == "waiting")
                .values(**values)
            )

    def _is(self, row: Row[Any]) -> ColumnElement[bool]:
        return and_(*(column == row._mapping[column] for column in self._table.primary_key))
