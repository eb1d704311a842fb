"""What a holder is shown of their sign-ins, so that they notice those that were not theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select

from core.clock import Clock
from core.database import Database
from core.web.languages import translatable
from enrollment.sessions.sessions import SignInMethod
from enrollment.sign_in.models import sign_in_events

# As long as somebody may look back for what was not theirs.
KEPT_FOR = timedelta(days=365)
MOST_SHOWN = 30


# What the pages call them; each is translated in locale/km.po.
METHODS: Mapping[str, str] = {
    "passkey": translatable("With a passkey"),
    "oidc": translatable("With the sign-in provider"),
    "certificate": translatable("With a certificate"),
    "invitation": translatable("By an invitation"),
    "slip": translatable("With a slip"),
}
OUTCOMES: Mapping[str, str] = {
    "signed-in": translatable("signed in"),
    "copied-passkey": translatable("refused: the passkey counted backwards, as a copy would"),
}


class Outcome(StrEnum):
    """What came of it."""

    SIGNED_IN = "signed-in"
    COPIED_PASSKEY = "copied-passkey"


@dataclass(frozen=True)
class SignInEvent:
    """One event, as its holder sees it."""

    method: SignInMethod
    outcome: Outcome
    at: datetime


class SignInEvents:
    """Shows events and forgets old ones; whoever signs somebody in records them."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of(self, principal: str) -> Sequence[SignInEvent]:
        """Return the newest events of a principal, newest first."""
        query = (
            select(sign_in_events)
            .where(sign_in_events.c.principal == principal)
            .order_by(sign_in_events.c.number.desc())
            .limit(MOST_SHOWN)
        )
        with self._database.read() as connection:
            return [
                SignInEvent(SignInMethod(row.method), Outcome(row.outcome), row.at)
                for row in connection.execute(query)
            ]

    def forget_old(self) -> int:
        """Delete what is older than :data:`KEPT_FOR`; return how many."""
        before = self._clock.now() - KEPT_FOR
        with self._database.begin() as connection:
            gone = connection.execute(delete(sign_in_events).where(sign_in_events.c.at < before))
            return gone.rowcount


def record_event(
    connection: Connection, principal: str, method: SignInMethod, outcome: Outcome, at: datetime
) -> None:
    """Record an event within the caller's transaction."""
    connection.execute(
        insert(sign_in_events).values(principal=principal, method=method, outcome=outcome, at=at)
    )
