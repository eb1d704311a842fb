"""SMART Health Cards: a JWS over a compressed FHIR bundle (SMART Health Cards Framework 1.4)."""

from __future__ import annotations

from typing import Any

from signing.passes.codecs import compression, strict_json
from signing.passes.codecs.jws import read_compact
from signing.passes.codecs.signatures import Algorithm
from signing.passes.errors import PassRefused, bad_encoding
from signing.passes.formats import health_usages
from signing.passes.formats.moments import ClaimedTimes, doses_ahead
from signing.passes.formats.opened import (
    Content,
    NamedThumbprint,
    OpenedPass,
    Subject,
    Usage,
)
from signing.passes.pass_format import PassFormat
from signing.passes.rules.schema import schema
from signing.passes.settings import PassSettings
from signing.passes.statuses import Status

ALGORITHMS = frozenset({Algorithm.ES256})
_CARDS = "verifiableCredential"
_TYPES = "https://smarthealth.cards#"
# SMART Health Cards: vocabulary of types.
_KINDS = ("immunization", "laboratory", "covid19")


def open_shc(text: str, settings: PassSettings) -> OpenedPass:
    """Open a card, given as its compact JWS. Raises PassRefused."""
    jws = read_compact(text)
    signed = jws.signed(ALGORITHMS)
    if jws.header.get("zip") != "DEF":
        raise bad_encoding("The header of the card does not say that it is compressed (zip).")
    payload = compression.inflate(jws.payload, most=settings.largest_content, raw=True)
    claims = strict_json.loads(payload)
    if not isinstance(claims, dict):
        raise bad_encoding("What is signed is not an object of claims.")
    if jws.key_id is None:
        raise PassRefused(Status.KID_NOT_INCLUDED, "The code does not say whose key signed it.")
    times = ClaimedTimes(claims)
    not_before = times.instant("nbf", "The time of issuing (nbf)")
    expires_at = times.instant("exp", "The time of expiry (exp)")
    issuer = claims.get("iss")
    return OpenedPass(
        format=PassFormat.SHC,
        signed=signed,
        signer=NamedThumbprint(jws.key_id),
        content=read_card(claims),
        issuer=issuer if isinstance(issuer, str) else None,
        issued_at=not_before,
        not_before=not_before,
        expires_at=expires_at,
        faults=tuple(times.faults),
    )


def card_of_file(value: dict[str, Any]) -> str | None:
    """Return the one card of a ``.smart-health-card`` file, or of what a FHIR server issued.

    None for a file of another kind. Raises PassRefused.
    """
    if value.get("resourceType") == "Parameters":
        # SMART Health Cards Framework, $health-cards-issue
        given = [_object(one) for one in _list(value.get("parameter"))]
        cards = [one.get("valueString") for one in given if one.get("name") == _CARDS]
    elif _CARDS in value:
        cards = _list(value[_CARDS])
    else:
        return None
    if len(cards) != 1:
        raise bad_encoding(f"The file holds {len(cards)} cards: check one at a time.")
    if not isinstance(cards[0], str):
        raise bad_encoding("The file's card is not a text.")
    return cards[0].strip()


def read_card(claims: dict[str, Any]) -> Content:
    """Say what the claims of a card hold."""
    credential = _object(claims.get("vc"))
    subject = _object(credential.get("credentialSubject"))
    resources = _resources(subject.get("fhirBundle"))
    patients = [one for one in resources if one.get("resourceType") == "Patient"]
    faults = schema("shc").faults(claims)
    if len(patients) > 1:
        faults.append(f"The card is about {len(patients)} patients.")
    doses = [one for one in resources if one.get("resourceType") == "Immunization"]
    revocation_id = credential.get("rid")
    return Content(
        kind=_kind(credential.get("type")),
        subject=_subject(patients[0]) if len(patients) == 1 else Subject(),
        identifier=revocation_id if isinstance(revocation_id, str) else None,
        usage=Usage(refused=health_usages.EVERY, outlives_signer=True),
        faults=tuple(faults),
        notes=tuple(
            f"A record of the card is not completed: {one.get('status')}."
            for one in doses
            if one.get("status") != "completed"
        ),
        dated_notes=tuple(doses_ahead(*(one.get("occurrenceDateTime") for one in doses))),
    )


def _kind(types: Any) -> str:
    known = [name for name in _KINDS if f"{_TYPES}{name}" in _list(types)]
    return " ".join(["SMART Health Card", *known])


def _resources(bundle: Any) -> list[dict[str, Any]]:
    found = [_object(entry).get("resource") for entry in _list(_object(bundle).get("entry"))]
    return [one for one in found if isinstance(one, dict)]


def _subject(patient: dict[str, Any]) -> Subject:
    names = [_object(one) for one in _list(patient.get("name"))]
    born = patient.get("birthDate")
    return Subject(
        name=next(filter(None, map(_written, names)), None),
        date_of_birth=born if isinstance(born, str) else None,
    )


def _written(name: dict[str, Any]) -> str | None:
    parts = [*_list(name.get("given")), name.get("family")]
    words = [one for one in parts if isinstance(one, str) and one.strip(" ")]
    text = name.get("text")
    return " ".join(words) or (text if isinstance(text, str) and text.strip(" ") else None)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
