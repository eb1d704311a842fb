"""Leases: one process at a time does a thing, and another takes over when it is gone.

A lease spares double work; it is no fence. What it guards must stay right if two do it at
once, since clocks differ and a stopped process does not know that its lease ran out.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, insert, or_, update
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from core.models import leases


class Leases:
    """Takes, renews and gives back leases in the database."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def take(self, name: str, *, holder: str, duration: timedelta) -> bool:
        """Take or renew the lease ``name``; False while another holds it."""
        now = self._clock.now()
        mine_or_over = or_(leases.c.holder == holder, leases.c.until <= now)
        with self._database.begin() as connection:
            renewed = connection.execute(
                update(leases)
                .where(leases.c.name == name, mine_or_over)
                .values(holder=holder, until=now + duration)
            )
            if renewed.rowcount:
                return True
            try:
                with connection.begin_nested():
                    connection.execute(
                        insert(leases).values(name=name, holder=holder, until=now + duration)
                    )
            except IntegrityError:
                return False
            return True

    def give_back(self, name: str, *, holder: str) -> None:
        """End the lease, if ``holder`` still has it."""
        with self._database.begin() as connection:
            connection.execute(
                delete(leases).where(leases.c.name == name, leases.c.holder == holder)
            )
