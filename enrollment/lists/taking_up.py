"""Write what one row means: within the caller's transaction, and with its log entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from core.transparency.entry import LogEntry
from enrollment.lists.judging import Judged, details_of, place_of
from enrollment.lists.known_people import Values
from enrollment.lists.models import departures
from enrollment.lists.staff_list import Outcome
from enrollment.people.models import employments, people, person_identifiers
from enrollment.people.people import (
    employment_entry,
    find_person,
    insert_employment,
    insert_person,
)
from enrollment.people.person import EmploymentState, PersonIdentifier


def take_up(
    connection: Connection, institution: str, values: Values, judged: Judged, now: datetime
) -> Sequence[LogEntry]:
    """Write a row that changes something; return the entries for the log."""
    entries = []
    person_id = judged.person
    if person_id is None:
        person_id, entry = insert_person(connection, details_of(values), now)
        entries.append(entry)
    else:
        _write_identity(connection, person_id, judged)
    person = find_person(connection, person_id)
    if judged.outcome is Outcome.NEW:
        _employment, entry = insert_employment(
            connection, person, institution, place_of(values), now
        )
        return [*entries, entry]
    changed: dict[str, Any] = dict(judged.place or {})
    if judged.outcome is Outcome.RETURNED:
        changed |= {"state": EmploymentState.LISTED, "left_at": None, "listed_at": now}
        _undo_departure(connection, institution, person_id, now)
    if changed:
        connection.execute(
            update(employments)
            .where(employments.c.institution == institution, employments.c.person == person_id)
            .values(**changed)
        )
    kind = "person-listed" if judged.outcome is Outcome.RETURNED else "person-changed"
    return [employment_entry(kind, person, institution, now)]


def _write_identity(connection: Connection, person_id: str, judged: Judged) -> None:
    if judged.identity:
        connection.execute(update(people).where(people.c.id == person_id).values(**judged.identity))
    for one in judged.documents:
        _write_document(connection, person_id, one)


def _write_document(connection: Connection, person_id: str, one: PersonIdentifier) -> None:
    renewed = connection.execute(
        update(person_identifiers)
        .where(
            person_identifiers.c.kind == one.kind,
            person_identifiers.c.country == one.country,
            person_identifiers.c.number == one.number,
            person_identifiers.c.person == person_id,
        )
        .values(valid_until=one.valid_until)
    )
    if not renewed.rowcount:
        connection.execute(insert(person_identifiers).values(person=person_id, **vars(one)))


def _undo_departure(
    connection: Connection, institution: str, person_id: str, now: datetime
) -> None:
    mine = employments.select().where(
        employments.c.institution == institution, employments.c.person == person_id
    )
    employment = connection.execute(mine).one()
    connection.execute(
        update(departures)
        .where(departures.c.employment == employment.id, departures.c.state == "waiting")
        .values(state="returned", closed_at=now)
    )
