"""People who hold or apply for certificates, as those who sign in."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from core.access import Role
from core.clock import Clock
from core.database import Database
from core.transparency.entry import LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.errors import OfficerStateRefused
from enrollment.models import principals
from enrollment.officers import OfficerState
from enrollment.people.errors import PersonUnknown
from enrollment.people.people import find_person


class Subscribers:
    """Lets people sign in; a subscriber's id is the person's."""

    def __init__(self, *, database: Database, log: TransparencyLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    def enroll(self, person_id: str) -> str:
        """Let a person sign in; again, it changes nothing. Raises PersonUnknown."""
        with self._database.begin() as connection:
            return self.enroll_in(connection, person_id)

    def enroll_in(self, connection: Connection, person_id: str) -> str:
        """Do as :meth:`enroll`, within the caller's transaction."""
        find_person(connection, person_id)
        known = select(principals.c.id).where(principals.c.id == person_id)
        if connection.execute(known).one_or_none() is not None:
            return person_id
        now, salt = self._clock.now(), new_salt()
        connection.execute(
            insert(principals).values(
                id=person_id,
                role=Role.SUBSCRIBER,
                state=OfficerState.ACTIVE,
                person=person_id,
                enrolled_at=now,
                salt=salt,
            )
        )
        facts = {"subscriber": commitment(salt, person_id.encode())}
        self._log.append(connection, [LogEntry("subscriber-enrolled", now, facts)])
        return person_id

    def state_of(self, person_id: str) -> OfficerState | None:
        """Return how a person's sign-in stands, None for one who never had any."""
        query = select(principals.c.state).where(
            principals.c.id == person_id, principals.c.role == Role.SUBSCRIBER
        )
        with self._database.read() as connection:
            found = connection.execute(query).scalar_one_or_none()
        return None if found is None else OfficerState(found)

    def change_state(self, person_id: str, state: OfficerState) -> None:
        """Suspend, reinstate or remove a person's sign-in; their certificates stay as they are.

        Raises PersonUnknown for one who never had any, OfficerStateRefused for one removed.
        """
        with self._database.begin() as connection:
            mine = (principals.c.id == person_id) & (principals.c.role == Role.SUBSCRIBER)
            row = connection.execute(select(principals).where(mine).with_for_update()).one_or_none()
            if row is None:
                raise PersonUnknown("There is no such person that you may see.")
            if row.state == OfficerState.REMOVED:
                raise OfficerStateRefused("Who was removed stays removed.")
            connection.execute(update(principals).where(mine).values(state=state))
            facts = {
                "state": str(state),
                "subscriber": commitment(row.salt, person_id.encode()),
            }
            self._log.append(
                connection, [LogEntry("subscriber-state-changed", self._clock.now(), facts)]
            )
