"""WHO's International Certificate of Vaccination or Prophylaxis: sub-claim -6 of HCERT."""

from __future__ import annotations

from typing import Any

from signing.passes.issuing.contents.source import (
    PassSource,
    checked,
    needed,
    part,
    two_letters,
    without_none,
)

# HL7's administrative gender, by the letter of travel documents.
_SEX = {"M": "male", "F": "female", "X": "other"}
# HL7 v2-0203: kinds of identifiers.
_DOCUMENTS = {"passport": "PPN", "national-id": "NI", "residence-card": "PRC", "birth": "BCT"}


def icvp(source: PassSource) -> dict[str, Any]:
    """Build the content: one dose. Raises RecordIncomplete."""
    person = source.person
    dose = part("icvp", "vaccination", source.record.vaccination)
    needed("icvp", product=dose.product, lot=dose.lot, centre=dose.centre)
    document = person.identifier
    return checked(
        "icvp",
        without_none(
            {
                "n": source.full_name,
                "dob": person.date_of_birth.isoformat(),
                "s": _SEX.get(person.sex or ""),
                "ntl": None if person.nationality is None else two_letters(person.nationality),
                "nid": None if document is None else document.number,
                "ndt": None if document is None else _DOCUMENTS.get(document.type),
                "gn": person.guardian,
                "v": without_none(
                    {
                        "dn": dose.dose,
                        "tg": dose.icd11_disease or dose.disease,
                        "vp": dose.product,
                        "ma": dose.manufacturer,
                        "bo": dose.lot,
                        "dt": dose.date.isoformat(),
                        "cn": dose.centre,
                        "is": source.issuer,
                        "vls": _day(dose.valid_from),
                        "vle": _day(dose.valid_until),
                    }
                ),
            }
        ),
    )


def _day(day: Any) -> str | None:
    return None if day is None else str(day.isoformat())
