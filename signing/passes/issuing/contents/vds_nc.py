"""ICAO's seals: proof of vaccination and proof of testing (Technical Report VDS-NC)."""

from __future__ import annotations

from typing import Any

from signing.passes.issuing.contents.source import PassSource, checked, needed, part, without_none
from signing.passes.issuing.errors import UNISSUED, RecordIncomplete
from signing.passes.issuing.records import Test, Vaccination

_STATE = "KHM"
_DOCUMENTS = {"passport": "P", "national-id": "I", "residence-card": "I"}
# SNOMED CT and LOINC of records, in the words that ICAO's seals use.
_RESULTS = {"260415000": "negative", "260373001": "positive"}
_TESTS = {
    "LP6464-4": "molecular(PCR)",
    "LP217198-3": "antigen",
    "LP418019-8": "antibody",
}


def vds_nc(source: PassSource) -> dict[str, Any]:
    """Build what is signed: header and message. Raises RecordIncomplete."""
    record = source.record
    if record.vaccination is not None:
        kind, message = "icao.vacc", _vaccination(source, record.vaccination)
    elif record.test is not None:
        kind, message = "icao.test", _test(source, record.test)
    else:
        raise RecordIncomplete("A seal is about a vaccination or a test.", kept=UNISSUED)
    return checked("vds_nc", {"hdr": {"t": kind, "v": 1, "is": _STATE}, "msg": message})


def _vaccination(source: PassSource, one: Vaccination) -> dict[str, Any]:
    needed(
        "vds-nc",
        icd11_vaccine=one.icd11_vaccine,
        product_name=one.product_name,
        lot=one.lot,
        centre=one.centre,
    )
    dose = {
        "dvc": one.date.isoformat(),
        "seq": one.dose,
        "ctr": one.country,
        "adm": one.centre,
        "lot": one.lot,
        "dvn": None if one.next_dose is None else one.next_dose.isoformat(),
    }
    event = {
        "des": one.icd11_vaccine,
        "nam": one.product_name,
        "dis": one.icd11_disease,
        "vd": [without_none(dose)],
    }
    return {
        # The seal has no room for a UVCI with its prefix and checksum: its unique part alone.
        "uvci": _unique(source.certificate_id),
        "pid": _person(source),
        "ve": [without_none(event)],
    }


def _test(source: PassSource, one: Test) -> dict[str, Any]:
    reported_at = part("vds-nc", "reported_at", one.reported_at)
    needed("vds-nc", contact=one.contact)
    return {
        "utci": _unique(source.certificate_id),
        "pid": _person(source),
        "sp": {"spn": one.centre, "ctr": one.country, "cd": {"a": one.contact}},
        "dat": {
            "sc": one.sampled_at.isoformat(timespec="seconds"),
            "ri": reported_at.isoformat(timespec="seconds"),
        },
        "tr": {
            "tc": _TESTS.get(one.type, one.type),
            "r": _RESULTS.get(one.result, one.result),
        },
    }


def _person(source: PassSource) -> dict[str, str]:
    document = part("vds-nc", "person.identifier", source.person.identifier)
    return without_none(
        {
            "n": source.name_in_zone.replace("<<", "  ").replace("<", " "),
            "dob": source.person.date_of_birth.isoformat(),
            "sex": source.person.sex,
            "dt": _DOCUMENTS.get(document.type),
            "dn": document.number,
        }
    )


def _unique(certificate_id: str) -> str:
    return certificate_id.rsplit(":", 1)[-1].split("#")[0]
