"""Officers' passkeys: another person confirms each before it counts.

Whoever holds a stolen certificate can propose a passkey, and no more.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from core.clock import Clock
from core.database import Database
from core.transparency.entry import LogEntry, commitment
from core.transparency.log import TransparencyLog
from enrollment.jurisdiction import NATION, Jurisdiction
from enrollment.models import principals
from enrollment.passkeys.errors import OwnPasskey, PasskeyNotWaiting, PasskeyUnknown
from enrollment.passkeys.models import passkeys
from enrollment.passkeys.passkey import Passkey, PasskeyState, passkey_of

MOST_SHOWN = 100


class Confirmations:
    """Shows and decides the passkeys that wait for a second person."""

    def __init__(self, *, database: Database, log: TransparencyLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    def waiting(self, within: Jurisdiction = NATION) -> list[Passkey]:
        """Return the officers' passkeys that wait, oldest first."""
        query = (
            select(passkeys)
            .join(principals, principals.c.id == passkeys.c.principal)
            .where(passkeys.c.state == PasskeyState.PROPOSED)
            .order_by(passkeys.c.registered_at, passkeys.c.id)
            .limit(MOST_SHOWN)
        )
        with self._database.read() as connection:
            rows = connection.execute(within.narrow(query, principals.c.institution)).all()
        return [passkey_of(row) for row in rows]

    def confirm(self, passkey: str, *, officer: str, within: Jurisdiction = NATION) -> None:
        """Let a passkey count. Raises PasskeyUnknown, PasskeyNotWaiting and OwnPasskey."""
        self._decide(passkey, officer, PasskeyState.ACTIVE, within)

    def decline(self, passkey: str, *, officer: str, within: Jurisdiction = NATION) -> None:
        """Remove a passkey that nobody can vouch for. Raises as ``confirm``."""
        self._decide(passkey, officer, PasskeyState.REMOVED, within)

    def _decide(
        self, passkey: str, officer: str, state: PasskeyState, within: Jurisdiction
    ) -> None:
        query = (
            select(passkeys, principals.c.institution)
            .join(principals, principals.c.id == passkeys.c.principal)
            .where(passkeys.c.id == passkey)
            .with_for_update(of=passkeys)
        )
        with self._database.begin() as connection:
            row = connection.execute(query).one_or_none()
            if row is None or not within.covers(row.institution):
                raise PasskeyUnknown("There is no passkey of this id.")
            person = _person(connection, officer)
            if row.person == person:
                raise OwnPasskey("Another officer confirms your passkey, or declines it.")
            if row.state != PasskeyState.PROPOSED:
                raise PasskeyNotWaiting("It was confirmed or removed before.")
            connection.execute(
                update(passkeys)
                .where(passkeys.c.id == passkey)
                .values(state=state, confirmed_by=officer, confirmed_by_person=person)
            )
            facts = {"passkey": commitment(row.salt, passkey.encode()), "state": str(state)}
            self._log.append(
                connection, [LogEntry("passkey-confirmation", self._clock.now(), {**facts})]
            )


def _person(connection: Connection, officer: str) -> str:
    person: str = connection.execute(
        select(principals.c.person).where(principals.c.id == officer)
    ).scalar_one()
    return person
