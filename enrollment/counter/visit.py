"""A visit, and the identity document that it began with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from enrollment.counter.errors import NotIdentified
from enrollment.people.person import NUMBERS, IdentifierKind, Person, PersonIdentifier

# ETSI EN 319 412-1, Section 5.1.3: what a natural person's identifier begins with.
SEMANTICS = {IdentifierKind.NATIONAL_ID: "IDC", IdentifierKind.PASSPORT: "PAS"}


@dataclass(frozen=True)
class SeenDocument:
    """An identity document that an officer had in hand, as its number was typed."""

    kind: IdentifierKind
    number: str
    valid_until: date
    photo_compared: bool
    country: str = "KH"

    @property
    def identifier(self) -> PersonIdentifier:
        """The number by which its state knows the person."""
        return PersonIdentifier(self.kind, self.number, self.country, None, self.valid_until)

    def check(self, today: date) -> None:
        """Raise NotIdentified unless it identifies somebody today."""
        if not NUMBERS[self.kind].fullmatch(self.number):
            raise NotIdentified("The number cannot be one of such a document.", field="number")
        if self.valid_until < today:
            raise NotIdentified("The identity document is no longer valid.", field="valid_until")
        if not self.photo_compared:
            raise NotIdentified("Compare the face with the photo first.", field="photo")


@dataclass(frozen=True)
class Visit:
    """A person who was identified before an officer."""

    id: str
    officer: str
    person: Person
    opened_at: datetime
    ends_at: datetime


def identifier_of(person: Person) -> str | None:
    """Return the identifier that certificates name a person by, the national number first."""
    return next(_identifiers(person), None)


def holders_of(person: Person) -> list[str]:
    """Return every natural key under which a person can hold certificates."""
    return [f"person:{person.id}", *(f"person:{one}" for one in _identifiers(person))]


def _identifiers(person: Person) -> Iterator[str]:
    for kind, semantics in SEMANTICS.items():
        for one in person.details.identifiers:
            if one.kind is kind:
                yield f"{semantics}{one.country}-{one.number}"
