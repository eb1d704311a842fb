"""Register institutions, look them up, suspend and close them. RFC 3647, Section 4.1.3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from core.transparency.entry import LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.institutions.errors import (
    InstitutionExists,
    InstitutionNotActive,
    InstitutionUnknown,
)
from enrollment.institutions.institution import (
    Institution,
    InstitutionDetails,
    InstitutionState,
    check_details,
    details_octets,
    institution_of,
)
from enrollment.institutions.models import institutions


class Institutions:
    """Keeps the institutions; each change is logged."""

    def __init__(self, *, database: Database, log: TransparencyLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    def register(self, details: InstitutionDetails) -> Institution:
        """Register an institution. Raises InstitutionRefused or InstitutionExists."""
        check_details(details)
        now, salt = self._clock.now(), new_salt()
        committed = commitment(salt, details_octets(details))
        entry = LogEntry(
            "institution-registered", now, {"institution": details.id, "details": committed}
        )
        values = asdict(details) | {"mail_domains": list(details.mail_domains)}
        try:
            with self._database.begin() as connection:
                [index] = self._log.append(connection, [entry])
                connection.execute(
                    insert(institutions).values(
                        **values,
                        state=InstitutionState.ACTIVE,
                        registered_at=now,
                        salt=salt,
                        log_index=index,
                    )
                )
        except IntegrityError as error:
            raise InstitutionExists(
                "An institution of this id or registration number is registered already."
            ) from error
        return self.find(details.id)

    def find(self, institution_id: str) -> Institution:
        """Return an institution in whatever state. Raises InstitutionUnknown."""
        with self._database.read() as connection:
            return find_institution(connection, institution_id)

    def all(self) -> Sequence[Institution]:
        """Return every institution, by id."""
        with self._database.read() as connection:
            rows = connection.execute(select(institutions).order_by(institutions.c.id)).all()
        return [institution_of(row) for row in rows]

    def change_state(self, institution_id: str, state: InstitutionState) -> Institution:
        """Suspend, reinstate or close. Raises InstitutionUnknown or InstitutionNotActive."""
        with self._database.begin() as connection:
            found = find_institution(connection, institution_id, locked=True)
            if found.state is state:
                return found
            if found.state is InstitutionState.CLOSED:
                raise InstitutionNotActive("A closed institution stays closed.")
            facts = {"institution": institution_id, "state": str(state)}
            self._log.append(
                connection, [LogEntry("institution-state-changed", self._clock.now(), facts)]
            )
            connection.execute(
                update(institutions).where(institutions.c.id == institution_id).values(state=state)
            )
            return find_institution(connection, institution_id)


def find_institution(
    connection: Connection, institution_id: str, *, locked: bool = False
) -> Institution:
    """Read an institution. ``locked``: until the transaction ends. Raises InstitutionUnknown."""
    query = select(institutions).where(institutions.c.id == institution_id)
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None:
        raise InstitutionUnknown("There is no institution of this id that you may see.")
    return institution_of(row)


def check_active(connection: Connection, institution_id: str) -> Institution:
    """Return an active institution. Raises InstitutionUnknown or InstitutionNotActive."""
    found = find_institution(connection, institution_id)
    if found.state is not InstitutionState.ACTIVE:
        raise InstitutionNotActive(f"The institution {institution_id} is {found.state}.")
    return found
