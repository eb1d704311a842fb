"""Give up reservations that were never completed, without ever signing them again.

A crash between reserving and storing may have left a signature somewhere: the serial number is
therefore revoked, not reused, and whoever asked gets a new one on asking again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update

from ca.issuance.record import with_serials
from ca.models import certificates
from ca.plan import CertificatePlan
from ca.revocation.changes import apply_wish, select_targets, target_of
from ca.revocation.reasons import RevocationReason
from ca.revocation.retention import Retention
from ca.revocation.standing import Revoke, Target
from core.clock import Clock
from core.database import Database
from core.transparency.entry import LogEntry
from core.transparency.log import TransparencyLog

# As many as one transaction should hold; the next call takes the rest.
MOST_AT_ONCE = 500

# RFC 5280, Section 5.3.1: no reason fits a certificate that nobody got.
WISH = Revoke(RevocationReason.UNSPECIFIED)


class ReservationRecovery:
    """Abandons and revokes what was reserved and never stored."""

    def __init__(
        self, *, database: Database, log: TransparencyLog, retention: Retention, clock: Clock
    ) -> None:
        self._database = database
        self._log = log
        self._retention = retention
        self._clock = clock

    def recover(self) -> int:
        """Abandon up to 500 reservations whose lease has run out; return how many."""
        return self._abandon(certificates.c.lease_until < self._clock.now())

    def give_up(self, plans: Sequence[CertificatePlan]) -> int:
        """Abandon reservations at once whose signing failed; return how many."""
        if not plans:
            return 0
        serials = [(plan.authority, plan.serial_number) for plan in plans]
        return self._abandon(with_serials(serials))

    def give_up_references(self, beginning: str) -> int:
        """Abandon at once what was reserved under references that begin so; return how many.

        For who knows that nobody is at work on them any more: a ceremony that goes on.
        """
        return self._abandon(certificates.c.reference.startswith(beginning, autoescape=True))

    def waiting(self) -> int:
        """Return how many expired reservations are left to recover."""
        with self._database.read() as connection:
            expired = certificates.c.lease_until < self._clock.now()
            return connection.scalar(select(func.count()).where(_RESERVED, expired)) or 0

    def _abandon(self, which: ColumnElement[bool]) -> int:
        now = self._clock.now()
        with self._database.begin() as connection:
            targets = _lock(connection, which)
            if not targets:
                return 0
            _mark(connection, targets)
            apply_wish(
                connection,
                log=self._log,
                retention=self._retention,
                targets=targets,
                wish=WISH,
                now=now,
                before=[_entry(target, now) for target in targets],
            )
            return len(targets)


_RESERVED: ColumnElement[bool] = certificates.c.state == "reserved"


def _lock(connection: Connection, which: ColumnElement[bool]) -> list[Target]:
    # The rows' locks come before the scopes' and the log's, as when a certificate is stored.
    rows: Sequence[Any] = connection.execute(
        select_targets()
        .where(_RESERVED, which)
        .order_by(certificates.c.id)
        .limit(MOST_AT_ONCE)
        .with_for_update(of=certificates)
    ).all()
    return [target_of(row) for row in rows]


def _mark(connection: Connection, targets: Sequence[Target]) -> None:
    serials = [(target.authority, target.serial_number) for target in targets]
    connection.execute(
        update(certificates)
        .where(with_serials(serials), _RESERVED)
        .values(state="abandoned", lease_until=None)
    )


def _entry(target: Target, now: datetime) -> LogEntry:
    facts = {"authority": target.authority, "serial_number": f"{target.serial_number:x}"}
    return LogEntry("certificate-abandoned", now, facts)
