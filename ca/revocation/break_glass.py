"""Revoke when officers cannot sign in: at the local console, two operators, a stated reason.

It exists so that a compromised certificate never outlives a broken sign-in. It is loud: an
entry ``break-glass`` in the public log, an event at level critical, and a row with both names
for the auditors, who ask about each use (docs/runbooks/key-compromise.md).
"""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import Connection

from ca.revocation.changes import apply_wish, find_target
from ca.revocation.errors import BreakGlassRefused
from ca.revocation.models import break_glass_uses
from ca.revocation.reasons import RevocationReason
from ca.revocation.retention import Retention
from ca.revocation.standing import RevocationRecord, Revoke, Target
from core.clock import Clock
from core.database import Database
from core.transparency.entry import LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog

SHORTEST_JUSTIFICATION = 10  # characters; enough to name an incident


class BreakGlass:
    """Revokes one certificate without an officer's sign-in. No web route leads here."""

    def __init__(
        self, *, database: Database, log: TransparencyLog, retention: Retention, clock: Clock
    ) -> None:
        self._database = database
        self._log = log
        self._retention = retention
        self._clock = clock
        self._events = structlog.get_logger("revocation")

    def revoke(
        self,
        *,
        serial_number: int,
        reason: RevocationReason,
        operators: tuple[str, str],
        justification: str,
        authority: str | None = None,
    ) -> RevocationRecord:
        """Revoke a certificate and say aloud that the glass was broken.

        Raises BreakGlassRefused unless two different operators and a justification are named,
        and what :meth:`ca.revocation.revocation.Revocation.revoke` raises.
        """
        first, second = _two_operators(operators)
        if len(justification.strip()) < SHORTEST_JUSTIFICATION:
            raise BreakGlassRefused("Say in a sentence why the usual way is closed.")
        now = self._clock.now()
        with self._database.begin() as connection:
            target = find_target(connection, serial_number=serial_number, authority=authority)
            entry = self._record(connection, target, (first, second), justification, now)
            outcome = apply_wish(
                connection,
                log=self._log,
                retention=self._retention,
                targets=[target],
                wish=Revoke(reason),
                now=now,
                before=[entry],
            )
            for _target, refusal in outcome.refused:
                raise refusal
        self._events.critical("break-glass", authority=target.authority)
        if outcome.last_index is not None:
            self._log.ensure_published(outcome.last_index)
        return outcome.present[0]

    def _record(
        self,
        connection: Connection,
        target: Target,
        operators: tuple[str, str],
        justification: str,
        now: datetime,
    ) -> LogEntry:
        salt = new_salt()
        serial_number_hex = f"{target.serial_number:x}"
        connection.execute(
            break_glass_uses.insert().values(
                used_at=now,
                authority=target.authority,
                serial_number_hex=serial_number_hex,
                first_operator=operators[0],
                second_operator=operators[1],
                justification=justification,
                salt=salt,
            )
        )
        # The log is public: names and reasons stand in it as commitments only.
        return LogEntry(
            "break-glass",
            now,
            {
                "authority": target.authority,
                "justification": commitment(salt, justification.encode()),
                "operators": [commitment(salt, name.encode()) for name in operators],
                "serial_number": serial_number_hex,
            },
        )


def _two_operators(operators: tuple[str, str]) -> tuple[str, str]:
    first, second = (" ".join(name.split()) for name in operators)
    if not first or not second or first.casefold() == second.casefold():
        raise BreakGlassRefused("Two different operators have to stand for a break-glass act.")
    return first, second
