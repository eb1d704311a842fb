"""Places in status lists: each pass has one that no other has, and that tells nothing of it.

A list has 2**20 places (token status list, Section 12.5.2: large lists hide who is asked for). A
process takes a block of them in one transaction. Consecutive ones lie anywhere in the list, so that
two passes of one batch cannot be told by their places; what a process leaves is never used.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.database import Database
from signing.passes.issuing.models import pass_status_lists

PLACE_BITS = 20
PLACES = 1 << PLACE_BITS
_HALF = PLACE_BITS // 2
_MASK = (1 << _HALF) - 1
_ROUNDS = 4
_BLOCK = 1_000


@dataclass(frozen=True)
class StatusIndex:
    """A place: the list's number, the index in it, and the address at which it is published."""

    list_number: int
    index: int
    uri: str


class StatusIndexes:
    """Gives places; safe in many threads. Made after a fork, as everything of one process."""

    def __init__(self, *, database: Database, address: str, block: int = _BLOCK) -> None:
        self._database = database
        self._address = address.rstrip("/")
        self._block = block
        self._lock = threading.Lock()
        self._list, self._key, self._upcoming = 0, b"", range(0)

    def next(self) -> StatusIndex:
        """Return a place that nobody has. Raises DatabaseUnavailable when a block is taken."""
        with self._lock:
            if not self._upcoming:
                self._list, self._key, self._upcoming = self._take()
            number, self._upcoming = self._upcoming[0], self._upcoming[1:]
            index = scattered(number, self._key)
            return StatusIndex(self._list, index, f"{self._address}/{self._list}")

    def _take(self) -> tuple[int, bytes, range]:
        while True:
            try:
                with self._database.begin() as connection:
                    return self._take_in(connection)
            except IntegrityError:
                # Another process began the next list at the same moment: take from that one.
                continue

    def _take_in(self, connection: Connection) -> tuple[int, bytes, range]:
        table = pass_status_lists
        newest = connection.scalar(select(func.max(table.c.number))) or 0
        taken = connection.execute(
            update(table)
            .where(table.c.number == newest, table.c.taken <= PLACES - self._block)
            .values(taken=table.c.taken + self._block)
        )
        if not taken.rowcount:
            newest += 1
            connection.execute(
                insert(table).values(
                    number=newest, taken=self._block, key=secrets.token_bytes(32), version=0
                )
            )
        # The row stays locked until the transaction ends: this is the count after ours.
        row = connection.execute(select(table).where(table.c.number == newest)).one()
        return newest, row.key, range(row.taken - self._block, row.taken)


def scattered(number: int, key: bytes) -> int:
    """Return where in its list the ``number``-th place lies: a permutation under the list's key.

    A Feistel network of four rounds (Luby and Rackoff) over 20 bits.
    """
    left, right = number >> _HALF, number & _MASK
    for turn in range(_ROUNDS):
        digest = hmac.digest(key, bytes([turn]) + right.to_bytes(2, "big"), hashlib.sha256)
        left, right = right, left ^ (int.from_bytes(digest[:2], "big") & _MASK)
    return left << _HALF | right
