"""WHO's contents of HCERT: ICVP (the digital yellow card) and the DDCC core data sets."""

from __future__ import annotations

from typing import Any

from signing.passes.formats import health_usages
from signing.passes.formats.moments import day_begins, day_ends, doses_ahead
from signing.passes.formats.opened import Content, Subject, Usage
from signing.passes.rules.schema import schema


def read_icvp(value: Any) -> Content:
    """Say what an ICVP holds (sub-claim -6): one dose, and how long it counts."""
    faults = schema("icvp").faults(value)
    document = value if isinstance(value, dict) else {}
    # The schema judges the dose in `v`, and the one in `vx` where `v` is the version or missing.
    given = document.get("v")
    dose = _one(given if isinstance(given, dict | list) else document.get("vx"))
    return Content(
        kind="WHO ICVP vaccination",
        subject=Subject(
            name=_text(document.get("n")),
            date_of_birth=_text(document.get("dob")),
            document_number=_text(document.get("id")) or _text(document.get("nid")),
        ),
        usage=Usage(needed=health_usages.VACCINATION, domain="ICVP"),
        # International Health Regulations, Annex 6: the certificate counts from a date on.
        not_before=day_begins(dose.get("vls")),
        expires_at=day_ends(dose.get("vle")),
        faults=tuple(faults),
        dated_notes=tuple(doses_ahead(dose.get("dv"), dose.get("dt"))),
    )


def read_ddcc(value: Any) -> Content:
    """Say what a DDCC core data set holds, flat or in the sub-claims 3 and 4."""
    faults = schema("ddcc").faults(value)
    document = value if isinstance(value, dict) else {}
    is_test = "test" in document
    return Content(
        kind="WHO DDCC test" if is_test else "WHO DDCC vaccination",
        subject=Subject(
            name=_text(document.get("name")),
            date_of_birth=_text(document.get("birthDate")),
        ),
        usage=Usage(
            needed=health_usages.TEST if is_test else health_usages.VACCINATION, domain="DDCC"
        ),
        identifier=_text(document.get("hcid")),
        not_before=day_begins(document.get("valid_from")),
        expires_at=day_ends(document.get("valid_until")),
        faults=tuple(faults),
        dated_notes=() if is_test else tuple(doses_ahead(document.get("date"))),
    )


def _one(value: Any) -> dict[str, Any]:
    found = value[0] if isinstance(value, list) and value else value
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
