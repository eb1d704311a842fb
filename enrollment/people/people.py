"""Take people up, find them, and say where they serve; each act is logged without their data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from core.idempotency import new_act_id
from core.transparency.entry import LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.institutions.institutions import check_active
from enrollment.people.errors import EmploymentConflict, IdentifierTaken, PersonUnknown
from enrollment.people.models import employments, people, person_identifiers
from enrollment.people.person import (
    Employment,
    EmploymentState,
    IdentifierKind,
    Person,
    PersonDetails,
    Place,
    check_person,
    employment_of,
    identifier_of,
    person_octets,
    person_of,
)


class People:
    """Keeps people and their places of service."""

    def __init__(self, *, database: Database, log: TransparencyLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    def add(self, details: PersonDetails) -> Person:
        """Take a person up. Raises PersonRefused or IdentifierTaken."""
        check_person(details)
        now = self._clock.now()
        try:
            with self._database.begin() as connection:
                person_id, entry = insert_person(connection, details, now)
                self._log.append(connection, [entry])
                return find_person(connection, person_id)
        except IntegrityError as error:
            raise IdentifierTaken("One of these numbers belongs to another person.") from error

    def find(self, person_id: str) -> Person:
        """Return a person. Raises PersonUnknown."""
        with self._database.read() as connection:
            return find_person(connection, person_id)

    def find_by_identifier(
        self, kind: IdentifierKind, number: str, country: str = "KH"
    ) -> Person | None:
        """Return the person whom this number identifies, None for nobody."""
        query = select(person_identifiers.c.person).where(
            person_identifiers.c.kind == kind,
            person_identifiers.c.country == country,
            person_identifiers.c.number == number,
        )
        with self._database.read() as connection:
            found = connection.execute(query).scalar_one_or_none()
            return None if found is None else find_person(connection, found)

    def listed_under(self, institution: str, staff_number: str) -> str | None:
        """Return the person whom an institution lists under a number, None for nobody."""
        # No list has such a number, and PostgreSQL refuses even to look for it.
        if "\x00" in staff_number:
            return None
        query = select(employments.c.person).where(
            employments.c.institution == institution,
            employments.c.staff_number == staff_number,
            employments.c.state == EmploymentState.LISTED,
        )
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def employ(self, person_id: str, institution: str, place: Place) -> Employment:
        """Put a person on an institution's list.

        Raises PersonUnknown, InstitutionUnknown, InstitutionNotActive or EmploymentConflict.
        """
        now = self._clock.now()
        try:
            with self._database.begin() as connection:
                person = find_person(connection, person_id)
                check_active(connection, institution)
                employment_id, entry = insert_employment(
                    connection, person, institution, place, now
                )
                self._log.append(connection, [entry])
                return find_employment(connection, employment_id)
        except IntegrityError as error:
            raise EmploymentConflict(
                "The person or the staff number is on this institution's list already."
            ) from error

    def leave(self, employment_id: str) -> Employment:
        """Note that a person left an institution's list; again, it changes nothing.

        Raises PersonUnknown.
        """
        with self._database.begin() as connection:
            found = find_employment(connection, employment_id, locked=True)
            if found.state is EmploymentState.LEFT:
                return found
            now = self._clock.now()
            connection.execute(
                update(employments)
                .where(employments.c.id == employment_id)
                .values(state=EmploymentState.LEFT, left_at=now)
            )
            person = find_person(connection, found.person)
            self._log.append(
                connection, [employment_entry("person-left", person, found.institution, now)]
            )
            return find_employment(connection, employment_id)

    def employments_of(self, person_id: str) -> Sequence[Employment]:
        """Return where a person serves or served, oldest first."""
        query = (
            select(employments)
            .where(employments.c.person == person_id)
            .order_by(employments.c.listed_at, employments.c.id)
        )
        with self._database.read() as connection:
            return [employment_of(row) for row in connection.execute(query)]


def find_person(connection: Connection, person_id: str) -> Person:
    """Read a person with what identifies them. Raises PersonUnknown."""
    row = connection.execute(select(people).where(people.c.id == person_id)).one_or_none()
    if row is None:
        raise PersonUnknown("There is no such person that you may see.")
    known = connection.execute(
        select(person_identifiers)
        .where(person_identifiers.c.person == person_id)
        .order_by(person_identifiers.c.kind, person_identifiers.c.number)
    )
    return person_of(row, tuple(map(identifier_of, known)))


def find_employment(
    connection: Connection, employment_id: str, *, locked: bool = False
) -> Employment:
    """Read an employment. ``locked``: until the transaction ends. Raises PersonUnknown."""
    query = select(employments).where(employments.c.id == employment_id)
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None:
        raise PersonUnknown("Nobody stands so on a list that you may see.")
    return employment_of(row)


def insert_person(
    connection: Connection, details: PersonDetails, now: datetime
) -> tuple[str, LogEntry]:
    """Write a checked person; return their id, and the entry for the log."""
    person_id, salt = new_act_id(now), new_salt()
    connection.execute(
        insert(people).values(
            id=person_id,
            **vars(details.name),
            sex=details.sex,
            date_of_birth=details.date_of_birth,
            nationality=details.nationality,
            added_at=now,
            salt=salt,
        )
    )
    for one in details.identifiers:
        connection.execute(insert(person_identifiers).values(person=person_id, **vars(one)))
    committed = commitment(salt, person_octets(person_id, details))
    return person_id, LogEntry("person-added", now, {"person": committed})


def insert_employment(
    connection: Connection, person: Person, institution: str, place: Place, now: datetime
) -> tuple[str, LogEntry]:
    """Write that an institution's list names a person; return its id, and the entry for the log."""
    employment_id = new_act_id(now)
    connection.execute(
        insert(employments).values(
            id=employment_id,
            institution=institution,
            person=person.id,
            **vars(place),
            state=EmploymentState.LISTED,
            listed_at=now,
        )
    )
    return employment_id, employment_entry("person-listed", person, institution, now)


def employment_entry(kind: str, person: Person, institution: str, now: datetime) -> LogEntry:
    """Return the log's entry of a change on an institution's list."""
    committed = commitment(person.salt, person.id.encode())
    return LogEntry(kind, now, {"institution": institution, "person": committed})
