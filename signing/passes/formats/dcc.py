"""The EU Digital COVID Certificate (schema 1.3.x): sub-claim 1 of HCERT."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from signing.passes.formats import health_usages
from signing.passes.formats.moments import day_begins, day_ends, doses_ahead
from signing.passes.formats.opened import Content, DatedNote, Subject, Usage
from signing.passes.rules.luhn import has_checksum, is_right
from signing.passes.rules.schema import schema
from signing.passes.rules.value_sets import meaning

_GROUPS = {"v": "vaccination", "t": "test", "r": "recovery"}
_USAGES = {
    "v": health_usages.VACCINATION,
    "t": health_usages.TEST,
    "r": health_usages.RECOVERY,
}
_DOMAIN = "DCC"
_DETECTED = "260373001"
_SETS = (
    ("tg", "disease-agent-targeted"),
    ("vp", "vaccine-prophylaxis"),
    ("tt", "test-type"),
    ("tr", "test-result"),
)


def read_dcc(value: Any) -> Content:
    """Say what a certificate holds; whatever is wrong with it is among the faults."""
    faults = schema("dcc").faults(value)
    document = value if isinstance(value, dict) else {}
    groups = [group for group in _GROUPS if document.get(group)]
    entries = [entry for group in groups for entry in _entries(document[group])]
    return Content(
        kind=f"EU DCC {' and '.join(_GROUPS[group] for group in groups)}".strip(),
        subject=_subject(document),
        usage=_usage(groups),
        identifier=next((_text(one.get("ci")) for one in entries), None),
        faults=tuple(faults),
        notes=tuple(note for entry in entries for note in _notes(entry)),
        dated_notes=tuple(note for entry in entries for note in _dated_notes(entry)),
    )


def _usage(groups: list[str]) -> Usage:
    if len(groups) != 1:
        # The schema has refused it, or will; no usage fits two kinds.
        return Usage(domain=_DOMAIN)
    return Usage(needed=_USAGES[groups[0]], among=health_usages.EVERY, domain=_DOMAIN)


def _subject(document: dict[str, Any]) -> Subject:
    name = document.get("nam")
    names = name if isinstance(name, dict) else {}
    return Subject(
        name=_joined(" ", names.get("gn"), names.get("fn")),
        # ICAO Doc 9303, Part 3: surname first, two fillers between.
        standardised_name=_joined("<<", names.get("fnt"), names.get("gnt")),
        date_of_birth=_text(document.get("dob")),
    )


def _notes(entry: dict[str, Any]) -> Iterator[str]:
    for member, value_set in _SETS:
        if member in entry and meaning(value_set, entry[member]) is None:
            yield f"The code of {member} is not in the value set {value_set}."
    if entry.get("tr") == _DETECTED:
        yield "The result of the test is: detected."
    identifier = _text(entry.get("ci")) or ""
    # Others have checksums of their own, behind the same mark.
    has_ours = identifier.upper().startswith("URN:UVCI:") and has_checksum(identifier)
    if has_ours and not is_right(identifier):
        yield "The checksum of the certificate's identifier is wrong, or of another method."


def _dated_notes(entry: dict[str, Any]) -> Iterator[DatedNote]:
    # A destination has its own rules for these: they are no limits of the certificate.
    yield from doses_ahead(entry.get("dt"))
    begins, ends = day_begins(entry.get("df")), day_ends(entry.get("du"))
    if begins is not None:
        yield DatedNote(f"The recovery counts from {entry['df']} on.", before=begins)
    if ends is not None:
        yield DatedNote(f"The recovery counted until {entry['du']}.", since=ends)


def _entries(group: Any) -> list[dict[str, Any]]:
    entries = group if isinstance(group, list) else [group]
    return [one for one in entries if isinstance(one, dict)]


def _joined(between: str, *parts: object) -> str | None:
    return between.join(one for one in parts if isinstance(one, str) and one) or None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
