"""Read what an officer typed at the counter."""

from __future__ import annotations

from collections.abc import Mapping

from core.digits import ascii_digits
from core.web.typed_days import day_in
from enrollment.counter.errors import NotIdentified
from enrollment.counter.visit import SeenDocument
from enrollment.people.person import IdentifierKind, PersonDetails, PersonName

NAMES = ("surname_km", "given_name_km", "surname_latin", "given_name_latin")
DOCUMENT = ("kind", "number", "country", "valid_until", "photo")
PERSON = (*NAMES, "sex", "date_of_birth", "nationality")


def read_document(form: Mapping[str, str]) -> SeenDocument:
    """Return the identity document of a form. Raises NotIdentified, naming the field."""
    if form.get("kind", "") not in set(IdentifierKind):
        raise NotIdentified("Choose what kind of identity document it is.", field="kind")
    valid_until = day_in(form.get("valid_until", ""))
    if valid_until is None:
        raise NotIdentified("Write until when it is valid, as dd/mm/yyyy.", field="valid_until")
    return SeenDocument(
        kind=IdentifierKind(form["kind"]),
        number="".join(ascii_digits(form.get("number", "")).upper().split()),
        valid_until=valid_until,
        photo_compared=form.get("photo") == "yes",
        country=form.get("country", "").strip().upper() or "KH",
    )


def read_person(form: Mapping[str, str], document: SeenDocument) -> PersonDetails:
    """Return the person of a form, identified by the document that was seen."""
    born = day_in(form.get("date_of_birth", ""))
    return PersonDetails(
        name=PersonName(**{name: form.get(name, "").strip() or None for name in NAMES}),
        sex=form.get("sex", "").strip() or None,
        date_of_birth=born.isoformat() if born else _as_known(form.get("date_of_birth", "")),
        nationality=form.get("nationality", "").strip().upper() or None,
        identifiers=(document.identifier,),
    )


def _as_known(text: str) -> str | None:
    # A year alone, where no more is known; what is neither is refused with the field's name.
    return ascii_digits(text).strip() or None
