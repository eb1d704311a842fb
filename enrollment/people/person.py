"""A natural person, what identifies them, and where they serve."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from core.canonical_json import canonical_json
from enrollment.people.errors import PersonRefused

# Year, month or day: a date is as precise as it is known.
DATE_OF_BIRTH = re.compile(r"(\d{4})(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
COUNTRY = re.compile(r"[A-Z]{2}")
LONGEST_NAME = 200
# What a number of each kind looks like. A national identity number has nine digits today, and ten
# are announced; it is text, for its leading zeros count.
NUMBERS: Mapping[str, re.Pattern[str]] = {
    "national-id": re.compile(r"[0-9]{9,10}"),
    "passport": re.compile(r"[0-9A-Z]{5,20}"),
    "residence-card": re.compile(r"[0-9A-Z-]{3,32}"),
}


class IdentifierKind(StrEnum):
    """What kind of document a number is of."""

    NATIONAL_ID = "national-id"
    PASSPORT = "passport"
    RESIDENCE_CARD = "residence-card"


class EmploymentState(StrEnum):
    """Whether the institution's list names the person."""

    LISTED = "listed"
    LEFT = "left"


@dataclass(frozen=True)
class PersonName:
    """A name, surname first, in one script or two. A single name stands in either place."""

    surname_km: str | None = None
    given_name_km: str | None = None
    surname_latin: str | None = None
    given_name_latin: str | None = None

    @property
    def khmer(self) -> str | None:
        """The whole name in Khmer."""
        return _joined(self.surname_km, self.given_name_km)

    @property
    def latin(self) -> str | None:
        """The whole name in Latin letters."""
        return _joined(self.surname_latin, self.given_name_latin)


@dataclass(frozen=True)
class PersonIdentifier:
    """A number by which a state knows a person, and how long it holds."""

    kind: IdentifierKind
    number: str
    country: str = "KH"
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True)
class PersonDetails:
    """What is known of a person. ``date_of_birth``: YYYY, YYYY-MM or YYYY-MM-DD."""

    name: PersonName
    sex: str | None = None
    date_of_birth: str | None = None
    nationality: str | None = None
    identifiers: tuple[PersonIdentifier, ...] = ()


@dataclass(frozen=True)
class Person:
    """A person as recorded; all but the id is personal data."""

    id: str
    details: PersonDetails
    added_at: datetime
    salt: bytes


@dataclass(frozen=True)
class Place:
    """What an institution's list says of a person's service."""

    staff_number: str | None = None
    unit: str | None = None
    title_km: str | None = None
    title_latin: str | None = None
    official_mail: str | None = None


@dataclass(frozen=True)
class Employment:
    """That an institution's list names a person, or did."""

    id: str
    institution: str
    person: str
    place: Place
    state: EmploymentState
    listed_at: datetime
    left_at: datetime | None


def check_person(details: PersonDetails) -> None:
    """Raise PersonRefused, naming the first field that cannot be."""
    if field := _first_wrong(details):
        raise PersonRefused(f"{field} cannot be read as one.", field=field)


def person_octets(person_id: str, details: PersonDetails) -> bytes:
    """Return what the log's commitment to a person commits to: canonical JSON."""
    name = details.name
    document = {
        "date_of_birth": details.date_of_birth,
        "identifiers": sorted(
            [str(one.kind), one.country, one.number] for one in details.identifiers
        ),
        "name": [name.surname_km, name.given_name_km, name.surname_latin, name.given_name_latin],
        "nationality": details.nationality,
        "person": person_id,
        "sex": details.sex,
    }
    return canonical_json(document)


def person_of(row: Row[Any], identifiers: tuple[PersonIdentifier, ...]) -> Person:
    """Return the person of a row."""
    name = PersonName(row.surname_km, row.given_name_km, row.surname_latin, row.given_name_latin)
    details = PersonDetails(name, row.sex, row.date_of_birth, row.nationality, identifiers)
    return Person(row.id, details, row.added_at, row.salt)


def identifier_of(row: Row[Any]) -> PersonIdentifier:
    """Return the identifier of a row."""
    return PersonIdentifier(
        IdentifierKind(row.kind), row.number, row.country, row.valid_from, row.valid_until
    )


def employment_of(row: Row[Any]) -> Employment:
    """Return the employment of a row."""
    place = Place(row.staff_number, row.unit, row.title_km, row.title_latin, row.official_mail)
    return Employment(
        id=row.id,
        institution=row.institution,
        person=row.person,
        place=place,
        state=EmploymentState(row.state),
        listed_at=row.listed_at,
        left_at=row.left_at,
    )


def is_date_of_birth(text: str) -> bool:
    """Tell whether a text is a year, a month or a day that exists."""
    if not DATE_OF_BIRTH.fullmatch(text):
        return False
    year, month, day = [*map(int, text.split("-")), 1, 1][:3]
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _first_wrong(details: PersonDetails) -> str | None:
    names = vars(details.name)
    for field, text in names.items():
        if text is not None and not _is_name(text):
            return field
    if not any(names.values()):
        return "name"
    if details.sex not in {None, "F", "M", "X"}:
        return "sex"
    if details.date_of_birth is not None and not is_date_of_birth(details.date_of_birth):
        return "date_of_birth"
    if details.nationality is not None and not COUNTRY.fullmatch(details.nationality):
        return "nationality"
    if not all(map(_is_identifier, details.identifiers)):
        return "identifiers"
    return None


def _is_identifier(one: PersonIdentifier) -> bool:
    return bool(NUMBERS[one.kind].fullmatch(one.number) and COUNTRY.fullmatch(one.country))


def _is_name(text: str) -> bool:
    # Khmer is written with zero-width spaces, which are not printable to Python.
    plain = text.replace("\u200b", "")
    return bool(plain.strip()) and len(text) <= LONGEST_NAME and plain.isprintable()


def _joined(*parts: str | None) -> str | None:
    return " ".join(part for part in parts if part) or None
