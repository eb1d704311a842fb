"""What an institution's list says of a person, as their certificates will say it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from sqlalchemy import Connection

from ca.csr import VerifiedCsr
from ca.plan import FactValue
from core.canonical_json import canonical_json
from core.clock import Clock
from core.web.languages import PHNOM_PENH, translatable
from enrollment.people.people import People, find_person
from enrollment.people.person import (
    Employment,
    EmploymentState,
    IdentifierKind,
    Person,
    PersonIdentifier,
)
from enrollment.profiles import OpenProfiles
from enrollment.subscriber.errors import NotListed
from enrollment.subscriber.identity_check import ClaimedIdentity

# ETSI EN 319 412-1, Section 5.1.3: what a natural person's identifier begins with; the national
# number goes first.
SEMANTICS = {IdentifierKind.NATIONAL_ID: "IDC", IdentifierKind.PASSPORT: "PAS"}
DOCUMENTS = {
    IdentifierKind.NATIONAL_ID: translatable("National identity card"),
    IdentifierKind.PASSPORT: translatable("Passport"),
    IdentifierKind.RESIDENCE_CARD: translatable("Residence card"),
}
SEXES = {"F": translatable("female"), "M": translatable("male")}
COUNTRY = "KH"
# In the how-to, and in key_creation/scripts/requests.js.
PLACEHOLDERS = {"me", "Key made in a browser"}


@dataclass(frozen=True)
class Dossier:
    """A person as listed by the institution in which they serve. All but the ids is personal data.

    ``document`` is the valid document by which certificates name the person, None without one.
    ``required`` holds, by profile, the facts that it cannot do without, and ``taken`` all it takes.
    """

    record: Person
    employment: Employment
    document: PersonIdentifier | None
    taken: Mapping[str, Mapping[str, bool]]

    @property
    def person(self) -> str:
        """The person's id, which is their principal's too."""
        return self.record.id

    @property
    def institution(self) -> str:
        """Whose list it is, and whose officers decide."""
        return self.employment.institution

    @property
    def identifier(self) -> str | None:
        """The serial number in the subject, such as ``IDCKH-012345678``."""
        return None if self.document is None else _semantic(self.document)

    @property
    def holder(self) -> str:
        """The natural key of the person's certificates."""
        return f"person:{self.identifier or self.person}"

    @property
    def known(self) -> dict[str, str]:
        """Every fact that the list knows."""
        name, place = self.record.details.name, self.employment.place
        # CP 3.1.4: Latin spellings are those of the identity document.
        latin = name.latin is not None
        facts = {
            "surname": name.surname_latin if latin else name.surname_km,
            "given_name": name.given_name_latin if latin else name.given_name_km,
            "identifier": self.identifier,
            "email": place.official_mail,
        }
        return {one: _composed(value) for one, value in facts.items() if value}

    def facts(self, profile: str) -> dict[str, FactValue]:
        """Return the facts for a certificate of a profile."""
        return {one: value for one, value in self.known.items() if one in self.taken[profile]}

    def lacks(self, profile: str) -> list[str]:
        """Return the facts that a certificate of a profile needs and the list does not have."""
        return [
            one
            for one, is_required in self.taken.get(profile, {}).items()
            if is_required and one not in self.known
        ]

    @property
    def sha256(self) -> bytes:
        """The digest of what a person confirms; it changes with what certificates depend on."""
        details, name = self.record.details, self.record.details.name
        document = {
            "date_of_birth": details.date_of_birth,
            "institution": self.institution,
            "known": self.known,
            "name": [name.khmer, name.latin],
            "nationality": details.nationality,
            "sex": details.sex,
        }
        return sha256(canonical_json(document)).digest()

    @property
    def shown(self) -> list[tuple[str, str, bool]]:
        """Labels and values as the person reads them, and whether the value is a word of ours."""
        details, place = self.record.details, self.employment.place
        name = details.name
        rows = [
            (translatable("Name"), name.khmer or "", False),
            (translatable("Name in Latin letters"), name.latin or "", False),
            (translatable("Sex"), SEXES.get(details.sex or "", ""), True),
            (translatable("Date of birth"), _as_written(details.date_of_birth), False),
            *((DOCUMENTS[one.kind], one.number, False) for one in details.identifiers),
            (translatable("Staff number"), place.staff_number or "", False),
            (translatable("Title"), place.title_km or place.title_latin or "", False),
            (translatable("Official mail address"), place.official_mail or "", False),
        ]
        return [row for row in rows if row[1]]

    @property
    def claimed(self) -> ClaimedIdentity | None:
        """What the identity register is asked about, None without a document."""
        if self.document is None:
            return None
        name = self.record.details.name
        return ClaimedIdentity(
            document_kind=str(self.document.kind),
            document_country=self.document.country,
            document_number=self.document.number,
            surname_km=name.surname_km,
            given_name_km=name.given_name_km,
            surname_latin=name.surname_latin,
            given_name_latin=name.given_name_latin,
            sex=self.record.details.sex,
            date_of_birth=self.record.details.date_of_birth,
        )


class Dossiers:
    """Reads dossiers off the lists."""

    def __init__(self, *, people: People, profiles: OpenProfiles, clock: Clock) -> None:
        self._people = people
        self._profiles = profiles
        self._clock = clock

    def institutions_of(self, person: str) -> list[str]:
        """Return the institutions that list a person at present, each once, the newest first."""
        listed = [one.institution for one in reversed(self._listed(person))]
        return list(dict.fromkeys(listed))

    def preferring(self, person: str, institution: str | None) -> Dossier:
        """As :meth:`of`, but by another institution where ``institution`` lists them no more."""
        lists = institution in self.institutions_of(person)
        return self.of(person, institution=institution if lists else None)

    def of(self, person: str, *, institution: str | None = None) -> Dossier:
        """Return how a person is listed, by ``institution`` or by the one that listed them last.

        Raises PersonUnknown or NotListed.
        """
        listed = [one for one in self._listed(person) if institution in (None, one.institution)]
        if not listed:
            raise NotListed(
                "No institution lists you at present. Ask your personnel office.",
                kept="Certificates that you hold, and what you began, are kept.",
            )
        record = self._people.find(person)
        today = self._clock.now().astimezone(PHNOM_PENH).date()
        return Dossier(
            record=record,
            employment=listed[-1],
            document=_document(record, today),
            taken={one.name: one.facts for one in self._profiles.all()},
        )

    def _listed(self, person: str) -> list[Employment]:
        found = self._people.employments_of(person)
        return [one for one in found if one.state is EmploymentState.LISTED]


def holders_of(connection: Connection, person: str) -> Sequence[str]:
    """Return every natural key under which a person may hold certificates."""
    record = find_person(connection, person)
    documents = [f"person:{_semantic(one)}" for one in _usable(record)]
    return [f"person:{record.id}", *documents]


def said_otherwise(csr: VerifiedCsr, dossier: Dossier) -> list[tuple[str, str]]:
    """Return what a request says of its subject that the certificate will not say.

    Each is a dotted OID, or the kind of an alternative name, and the value. A request has to have
    some name: the placeholders of our own pages state nothing.
    """
    known = dossier.known
    whole = " ".join(filter(None, (known.get("surname"), known.get("given_name"))))
    true = {*known.values(), whole, COUNTRY}
    stated = [*csr.subject, *((one.kind, one.value) for one in csr.alternative_names)]
    return [(name, value) for name, value in stated if value not in true | PLACEHOLDERS]


def _document(record: Person, today: date) -> PersonIdentifier | None:
    valid = (one for one in _usable(record) if one.valid_until is None or one.valid_until >= today)
    return next(valid, None)


def _usable(record: Person) -> list[PersonIdentifier]:
    found = record.details.identifiers
    return [one for kind in SEMANTICS for one in found if one.kind is kind]


def _semantic(one: PersonIdentifier) -> str:
    return f"{SEMANTICS[one.kind]}{one.country}-{one.number}"


def _composed(text: str) -> str:
    # RFC 5280, Section 7.1; Khmer is typed with zero-width spaces, which no name may have.
    return unicodedata.normalize("NFC", text.replace("\u200b", "")).strip()


def _as_written(born: str | None) -> str:
    return "/".join(reversed(born.split("-"))) if born else ""
