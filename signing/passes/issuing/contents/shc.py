"""SMART Health Cards: a FHIR bundle with a patient and an immunization."""

from __future__ import annotations

from typing import Any

from signing.passes.issuing.contents.source import PassSource, checked, needed, part, without_none

_TYPES = "https://smarthealth.cards#"
_CVX = "http://hl7.org/fhir/sid/cvx"
# SNOMED CT of COVID-19, of which cards have a type of their own.
_COVID = "840539006"


def shc(source: PassSource) -> dict[str, Any]:
    """Build the credential (the claim ``vc``). Raises RecordIncomplete.

    SMART Health Cards Framework, vaccination profile (data minimization): no identifiers, no
    address, and resources named by ``resource:N``.
    """
    person = source.person
    dose = part("shc", "vaccination", source.record.vaccination)
    needed("shc", cvx=dose.cvx)
    name = without_none(
        {
            "family": person.name.surname,
            "given": None if person.name.given_names is None else person.name.given_names.split(),
        }
    )
    patient = {
        "resourceType": "Patient",
        "name": [name],
        "birthDate": person.date_of_birth.isoformat(),
    }
    immunization = {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": _CVX, "code": dose.cvx}]},
        "patient": {"reference": "resource:0"},
        "occurrenceDateTime": dose.date.isoformat(),
        "performer": [{"actor": {"display": dose.centre or source.issuer}}],
        "lotNumber": dose.lot,
    }
    entries = [patient, without_none(immunization)]
    kinds = ["health-card", "immunization", *(["covid19"] if dose.disease == _COVID else [])]
    credential = {
        "type": [f"{_TYPES}{kind}" for kind in kinds],
        "credentialSubject": {
            "fhirVersion": "4.0.1",
            "fhirBundle": {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [
                    {"fullUrl": f"resource:{number}", "resource": one}
                    for number, one in enumerate(entries)
                ],
            },
        },
        # Up to 24 characters: the framework's base64url alphabet.
        "rid": source.number,
    }
    claims = {"iss": source.address, "nbf": 0, "vc": credential}
    checked("shc", claims)
    return credential
