"""What a row means for the people of an institution. No I/O here.

A person is known by an identity document, wherever they serve, else by the staff number within
their institution. Whom another institution lists too, no list changes: that institution, and what
was issued upon its word, rely on who they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row

from enrollment.lists.findings import Finding
from enrollment.lists.known_people import KnownPeople, Values
from enrollment.lists.rows import identifiers_of
from enrollment.lists.staff_list import Outcome
from enrollment.people.errors import PersonRefused
from enrollment.people.person import (
    EmploymentState,
    IdentifierKind,
    PersonDetails,
    PersonIdentifier,
    PersonName,
    Place,
    check_person,
)

IDENTITY = (
    "surname_km",
    "given_name_km",
    "surname_latin",
    "given_name_latin",
    "sex",
    "date_of_birth",
    "nationality",
)
PLACE = ("staff_number", "unit", "title_km", "title_latin", "official_mail")


@dataclass(frozen=True)
class Judged:
    """What a row means: for whom, and what would be written.

    ``identity`` and ``place`` are columns that differ from what is recorded; ``documents`` those
    that are new or have a new expiry. An empty cell changes nothing.
    """

    outcome: Outcome
    person: str | None = None
    findings: tuple[Finding, ...] = ()
    identity: Mapping[str, str] | None = None
    place: Mapping[str, str] | None = None
    documents: tuple[PersonIdentifier, ...] = ()


def judge(values: Values, known: KnownPeople) -> Judged:
    """Say what a row means."""
    person, objection = _whom(values, known)
    if objection is not None:
        return Judged(Outcome.REJECTED, person, (objection,))
    if _mail_is_taken(values, known, person):
        found = Finding("mail-taken", "official_mail", values["official_mail"] or "")
        return Judged(Outcome.REJECTED, person, (found,))
    try:
        check_person(details_of(values))
    except PersonRefused:
        return Judged(Outcome.REJECTED, person, (Finding("person-refused"),))
    if person is None:
        return Judged(Outcome.NEW)
    return _judge_known(values, known, person)


def details_of(values: Values) -> PersonDetails:
    """Return the person that a row describes."""
    return PersonDetails(
        name=PersonName(*(values.get(one) for one in IDENTITY[:4])),
        sex=values.get("sex"),
        date_of_birth=values.get("date_of_birth"),
        nationality=values.get("nationality"),
        identifiers=documents_of(values),
    )


def place_of(values: Values) -> Place:
    """Return the place of service that a row describes."""
    return Place(**{one: values.get(one) for one in PLACE})


def documents_of(values: Values) -> tuple[PersonIdentifier, ...]:
    """Return the identity documents that a row names."""
    return tuple(
        PersonIdentifier(IdentifierKind(kind), number, country, valid_until=_day(until))
        for kind, country, number, until in identifiers_of(values)
    )


def _whom(values: Values, known: KnownPeople) -> tuple[str | None, Finding | None]:
    named = {
        known.by_document[one[:3]] for one in identifiers_of(values) if one[:3] in known.by_document
    }
    holder = known.by_staff_number.get(values.get("staff_number") or "")
    if len(named | ({holder.person} if holder is not None else set())) > 1:
        return (holder.person if holder is not None else None), Finding("two-people")
    if named:
        return next(iter(named)), None
    if holder is None:
        return None, None
    if _is_another(values, known, holder.person):
        found = Finding("other-person", "staff_number", values["staff_number"] or "")
        return holder.person, found
    return holder.person, None


def _is_another(values: Values, known: KnownPeople, person: str) -> bool:
    # Passports and residence cards get new numbers; a national ID number stays a person's.
    recorded = known.people[person]
    born = values.get("date_of_birth")
    if born and recorded.date_of_birth and not _same_day(born, recorded.date_of_birth):
        return True
    number = values.get("national_id")
    held = {one[2] for one in known.documents.get(person, {}) if one[0] == "national-id"}
    return bool(number and held and number not in held)


def _mail_is_taken(values: Values, known: KnownPeople, person: str | None) -> bool:
    holders = known.mails.get(values.get("official_mail") or "", ())
    return any(one != person for one in holders)


def _judge_known(values: Values, known: KnownPeople, person: str) -> Judged:
    recorded = known.people[person]
    identity = _differences(values, recorded, IDENTITY)
    notes: tuple[Finding, ...] = ()
    if person in known.elsewhere:
        if _contradicts(values, recorded):
            return Judged(Outcome.REJECTED, person, (Finding("differs-elsewhere"),))
        # What is not known yet may be added; the rest is not this institution's alone.
        identity = {name: text for name, text in identity.items() if not recorded._mapping[name]}
        notes = (Finding("also-elsewhere"),)
    documents = _new_documents(values, known, person)
    served = known.employments.get(person)
    if served is None:
        return Judged(Outcome.NEW, person, notes, identity, {}, documents)
    place = _differences(values, served, PLACE)
    if served.state == EmploymentState.LEFT:
        return Judged(Outcome.RETURNED, person, notes, identity, place, documents)
    outcome = Outcome.CHANGED if identity or place or documents else Outcome.UNCHANGED
    return Judged(outcome, person, notes, identity, place, documents)


def _differences(values: Values, row: Row[Any], names: tuple[str, ...]) -> dict[str, str]:
    return {
        name: value for name in names if (value := values.get(name)) and value != row._mapping[name]
    }


def _contradicts(values: Values, recorded: Row[Any]) -> bool:
    born = values.get("date_of_birth")
    if born and recorded.date_of_birth and not _same_day(born, recorded.date_of_birth):
        return True
    for script in ("km", "latin"):
        said = _whole(values, script)
        held = _whole(recorded._asdict(), script)
        if said and held:
            return said != held
    return False


def _whole(names: Mapping[str, Any], script: str) -> str:
    parts = (names.get(f"surname_{script}"), names.get(f"given_name_{script}"))
    return " ".join(part for part in parts if part).casefold()


def _same_day(one: str, other: str) -> bool:
    # A year alone agrees with each day of it.
    return one.startswith(other) or other.startswith(one)


def _new_documents(values: Values, known: KnownPeople, person: str) -> tuple[PersonIdentifier, ...]:
    held = known.documents.get(person, {})
    found = []
    for one in documents_of(values):
        row = held.get((str(one.kind), one.country, one.number))
        if row is None or (one.valid_until and row.valid_until != one.valid_until):
            found.append(one)
    return tuple(found)


def _day(text: str | None) -> date | None:
    # An expiry that is known to the month holds until its last day; a year, too.
    if not text:
        return None
    if len(text) == 10:
        return date.fromisoformat(text)
    year, month = int(text[:4]), int(text[5:7] or 12)
    following = date(year + month // 12, month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)
