"""What every code is built from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from signing.passes.issuing.errors import UNISSUED, RecordIncomplete
from signing.passes.issuing.names import transliterated
from signing.passes.issuing.records import PassRecord, Person
from signing.passes.rules.countries import alpha_2
from signing.passes.rules.schema import schema
from signing.passes.rules.value_sets import meaning

Part = TypeVar("Part")


@dataclass(frozen=True)
class PassSource:
    """A record, who issues, and what the pass is called.

    ``issuer`` is the institution's name as codes say it, 80 characters at most; ``address`` the
    issuer's URL of SMART Health Cards; ``number`` that of an identity code.
    """

    record: PassRecord
    issuer: str
    address: str
    certificate_id: str
    number: str
    issued_at: datetime

    @property
    def person(self) -> Person:
        """Whom it is about."""
        return self.record.person

    @property
    def surname_in_zone(self) -> str | None:
        """The surname as travel documents write it: the document's own, where it is known."""
        return self._in_zone(0, self.person.name.surname)

    @property
    def given_names_in_zone(self) -> str | None:
        """The given names, likewise."""
        return self._in_zone(1, self.person.name.given_names)

    @property
    def name_in_zone(self) -> str:
        """Both, with two fillers between."""
        parts = (self.surname_in_zone, self.given_names_in_zone)
        return "<<".join(one for one in parts if one)

    @property
    def full_name(self) -> str:
        """The Latin name as a reader expects it: given names first."""
        name = self.person.name
        return " ".join(one for one in (name.given_names, name.surname) if one)

    @property
    def khmer_name(self) -> str | None:
        """The Khmer name, surname first."""
        name = self.person.khmer_name
        parts = () if name is None else (name.surname, name.given_names)
        return " ".join(one for one in parts if one) or None

    def _in_zone(self, part: int, written: str | None) -> str | None:
        if written is None:
            return None
        document = self.person.identifier
        zone = None if document is None else document.machine_readable_name
        if zone is not None:
            parts = zone.rstrip("<").split("<<", 1)
            if self.person.name.surname is None or self.person.name.given_names is None:
                return parts[0]
            return parts[part] if part < len(parts) else transliterated(written)
        return transliterated(written)


def needed(code: str, **members: Any) -> None:
    """Check that members of a record are there. Raises RecordIncomplete, naming those missing."""
    missing = [name for name, value in members.items() if value is None]
    if missing:
        raise RecordIncomplete(
            f"A code of the kind {code} needs {', '.join(missing)}.", kept=UNISSUED
        )


def part(code: str, name: str, value: Part | None) -> Part:
    """Return a part of a record. Raises RecordIncomplete where it is not there."""
    if value is None:
        raise RecordIncomplete(f"A code of the kind {code} needs {name}.", kept=UNISSUED)
    return value


def in_set(value_set: str, member: str, code: str) -> str:
    """Return a code that is in its value set. Raises RecordIncomplete."""
    if meaning(value_set, code) is None:
        raise RecordIncomplete(
            f"{member}: {code} is not in the value set {value_set}.", kept=UNISSUED
        )
    return code


def two_letters(country: str) -> str:
    """Return a country's code of two letters. Raises RecordIncomplete."""
    found = alpha_2(country)
    if found is None:
        raise RecordIncomplete(f"country: {country} is no country of ISO 3166-1.", kept=UNISSUED)
    return found


def checked(name: str, content: dict[str, Any], value: Any = None) -> dict[str, Any]:
    """Return a content that follows its schema. Raises RecordIncomplete with what does not."""
    faults = schema(name).faults(content if value is None else value)
    if faults:
        raise RecordIncomplete(" ".join(faults[:5]), kept=UNISSUED)
    return content


def without_none(members: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return the members that are there."""
    return {key: value for key, value in members.items() if value is not None}
