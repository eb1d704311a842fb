"""The EU Digital COVID Certificate, schema 1.3.3: what stands under sub-claim 1 of HCERT."""

from __future__ import annotations

from typing import Any

from signing.passes.issuing.contents.source import (
    PassSource,
    checked,
    in_set,
    needed,
    two_letters,
    without_none,
)
from signing.passes.issuing.errors import UNISSUED, RecordIncomplete
from signing.passes.issuing.records import Recovery, Test, Vaccination

_VERSION = "1.3.3"
# JRC's number of a rapid test; a nucleic acid test has a name.
_RAPID = "LP217198-3"


def dcc(source: PassSource) -> dict[str, Any]:
    """Build the content. Raises RecordIncomplete."""
    record = source.record
    if record.vaccination is not None:
        entry = {"v": [_vaccination(source, record.vaccination)]}
    elif record.test is not None:
        entry = {"t": [_test(source, record.test)]}
    elif record.recovery is not None:
        entry = {"r": [_recovery(source, record.recovery)]}
    else:
        raise RecordIncomplete("A DCC is about a vaccination, a test or a recovery.", kept=UNISSUED)
    content = {
        "ver": _VERSION,
        "nam": _names(source),
        "dob": source.person.date_of_birth.isoformat(),
        **entry,
    }
    return checked("dcc", content)


def _names(source: PassSource) -> dict[str, str]:
    # fn and gn are in the writing of the holder's own country, fnt and gnt as in the passport.
    latin, khmer = source.person.name, source.person.khmer_name
    return without_none(
        {
            "fn": (khmer and khmer.surname) or latin.surname,
            "fnt": source.surname_in_zone,
            "gn": (khmer and khmer.given_names) or latin.given_names,
            "gnt": source.given_names_in_zone,
        }
    )


def _vaccination(source: PassSource, one: Vaccination) -> dict[str, Any]:
    needed(
        "dcc",
        disease=one.disease,
        prophylaxis=one.prophylaxis,
        product=one.product,
        manufacturer=one.manufacturer,
    )
    return {
        "tg": in_set("disease-agent-targeted", "disease", one.disease or ""),
        "vp": in_set("vaccine-prophylaxis", "prophylaxis", one.prophylaxis or ""),
        "mp": one.product,
        "ma": one.manufacturer,
        "dn": one.dose,
        "sd": one.doses,
        "dt": one.date.isoformat(),
        **_issued(source, one.country),
    }


def _test(source: PassSource, one: Test) -> dict[str, Any]:
    needed("dcc", **({"device": one.device} if one.type == _RAPID else {"name": one.test_name}))
    return without_none(
        {
            "tg": in_set("disease-agent-targeted", "disease", one.disease),
            "tt": in_set("test-type", "type", one.type),
            "nm": one.test_name,
            "ma": one.device,
            "sc": one.sampled_at.isoformat(timespec="seconds"),
            "tr": in_set("test-result", "result", one.result),
            "tc": one.centre,
            **_issued(source, one.country),
        }
    )


def _recovery(source: PassSource, one: Recovery) -> dict[str, Any]:
    return {
        "tg": in_set("disease-agent-targeted", "disease", one.disease),
        "fr": one.first_positive.isoformat(),
        "df": one.valid_from.isoformat(),
        "du": one.valid_until.isoformat(),
        **_issued(source, one.country),
    }


def _issued(source: PassSource, country: str) -> dict[str, str]:
    return {"co": two_letters(country), "is": source.issuer, "ci": source.certificate_id}
