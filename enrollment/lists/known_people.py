"""What is known of the people in a batch of rows: asked of the database a few times a batch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from enrollment.lists.rows import identifiers_of
from enrollment.people.models import employments, people, person_identifiers
from enrollment.people.person import EmploymentState

Document = tuple[str, str, str]  # kind, country, number
Values = Mapping[str, str | None]


@dataclass(frozen=True)
class KnownPeople:
    """Those whom the rows may speak of, as one institution has to do with them.

    ``elsewhere`` are people whom another institution lists, ``mails`` who has which address.
    """

    by_document: Mapping[Document, str]
    by_staff_number: Mapping[str, Row[Any]]
    employments: Mapping[str, Row[Any]]
    people: Mapping[str, Row[Any]]
    documents: Mapping[str, Mapping[Document, Row[Any]]]
    elsewhere: Collection[str]
    mails: Mapping[str, Collection[str]]


def know_people(connection: Connection, institution: str, rows: Sequence[Values]) -> KnownPeople:
    """Look up everybody whom the rows' numbers and addresses belong to."""
    wanted = {one[:3] for values in rows for one in identifiers_of(values)}
    by_document = {
        (row.kind, row.country, row.number): row.person
        for row in _where(connection, person_identifiers, "number", {one[2] for one in wanted})
        if (row.kind, row.country, row.number) in wanted
    }
    by_staff_number = {
        row.staff_number: row
        for row in _where(connection, employments, "staff_number", _all(rows, "staff_number"))
        if row.institution == institution
    }
    found = {*by_document.values(), *(row.person for row in by_staff_number.values())}
    served = _where(connection, employments, "person", found)
    documents: dict[str, dict[Document, Row[Any]]] = {}
    for row in _where(connection, person_identifiers, "person", found):
        documents.setdefault(row.person, {})[row.kind, row.country, row.number] = row
    mails: dict[str, set[str]] = {}
    for row in _where(connection, employments, "official_mail", _all(rows, "official_mail")):
        if row.state == EmploymentState.LISTED:
            mails.setdefault(row.official_mail, set()).add(row.person)
    return KnownPeople(
        by_document=by_document,
        by_staff_number=by_staff_number,
        employments={row.person: row for row in served if row.institution == institution},
        people={row.id: row for row in _where(connection, people, "id", found)},
        documents=documents,
        elsewhere={
            row.person
            for row in served
            if row.institution != institution and row.state == EmploymentState.LISTED
        },
        mails=mails,
    )


def _all(rows: Sequence[Values], name: str) -> set[str]:
    return {value for values in rows if (value := values.get(name))}


def _where(
    connection: Connection, table: Any, column: str, values: Collection[str]
) -> Sequence[Row[Any]]:
    if not values:
        return ()
    return connection.execute(select(table).where(table.c[column].in_(sorted(values)))).all()
