"""Serial numbers that no two tokens have, in whatever process and after whatever crash.

RFC 3161, Section 2.4.2: a serial number is unique for each token of an authority, also after an
interruption of service, and has up to 160 bits. A process takes a block of numbers in one
transaction and then counts for itself, so that a token costs the database nothing. What a
process leaves of its block is never used.

A number is made of three parts: the block's number, which the database counts; 64 random bits
that are drawn once for each block, so that a database restored from an old backup, whose count
has gone back, repeats nothing; and the place in the block.
"""

from __future__ import annotations

import os
import secrets
import threading
import weakref
from typing import Protocol

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from signing.timestamps.models import time_stamp_blocks

AUTHORITY = "tsa"
RANDOM_BITS = 64
# The most numbers that a block may have: 63 + 64 + 20 bits are fewer than 160.
PLACE_BITS = 20


class SerialSource(Protocol):
    """Gives serial numbers."""

    def next(self) -> int:
        """Return a positive number below 2**160 that was never returned before."""


class SerialNumbers:
    """Counts in blocks taken from the database; safe in many threads and after a fork."""

    def __init__(self, *, database: Database, clock: Clock, block: int) -> None:
        self._database = database
        self._clock = clock
        self._block = block
        self._lock = threading.Lock()
        self._upcoming = range(0)
        _begin_anew_after_fork(self)

    def next(self) -> int:
        """Return the next number. Raises DatabaseUnavailable when a block has to be taken."""
        with self._lock:
            if not self._upcoming:
                self._upcoming = self._take_block()
            number = self._upcoming[0]
            self._upcoming = self._upcoming[1:]
            return number

    def begin_anew(self) -> None:
        """Leave the present block alone: it belongs to the process that this one came from."""
        self._lock = threading.Lock()
        self._upcoming = range(0)

    def _take_block(self) -> range:
        with self._database.begin() as connection:
            number = self._count(connection)
        first = (number << RANDOM_BITS | secrets.randbits(RANDOM_BITS)) << PLACE_BITS
        return range(first, first + self._block)

    def _count(self, connection: Connection) -> int:
        if not self._advance(connection):
            try:
                with connection.begin_nested():
                    connection.execute(
                        insert(time_stamp_blocks).values(
                            authority=AUTHORITY, taken=1, taken_at=self._clock.now()
                        )
                    )
            except IntegrityError:
                # Another process took the first block meanwhile.
                self._advance(connection)
        mine = time_stamp_blocks.c.authority == AUTHORITY
        return int(connection.scalars(select(time_stamp_blocks.c.taken).where(mine)).one())

    def _advance(self, connection: Connection) -> bool:
        # The row stays locked until the transaction ends: what is read next is this count.
        taken = connection.execute(
            update(time_stamp_blocks)
            .where(time_stamp_blocks.c.authority == AUTHORITY)
            .values(taken=time_stamp_blocks.c.taken + 1, taken_at=self._clock.now())
        )
        return taken.rowcount > 0


def _begin_anew_after_fork(numbers: SerialNumbers) -> None:
    # A child may be forked while another thread of its parent counts. What is registered stays
    # registered, so it must not keep the object alive.
    reference = weakref.ref(numbers)

    def begin_anew() -> None:
        present = reference()
        if present is not None:
            present.begin_anew()

    os.register_at_fork(after_in_child=begin_anew)
