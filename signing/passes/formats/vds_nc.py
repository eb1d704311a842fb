"""ICAO VDS-NC, visible digital seals for non-constrained environments: proof of vaccination and
of testing (ICAO Doc 9303, Part 13, and the technical report on health proofs).

JSON with ``data`` and ``sig``; the signature covers the canonical form of ``data`` (RFC 8785), and
the signer's certificate stands in ``sig``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from signing.passes.codecs import base64url, strict_json
from signing.passes.codecs.signatures import Algorithm, Signed
from signing.passes.errors import PassRefused, bad_encoding
from signing.passes.formats.moments import doses_ahead
from signing.passes.formats.opened import (
    Content,
    Enclosed,
    OpenedPass,
    Subject,
    Usage,
)
from signing.passes.pass_format import PassFormat
from signing.passes.rules.schema import schema
from signing.passes.statuses import Status
from signing.passes.trust.certificates import read_certificate

ALGORITHMS = frozenset({Algorithm.ES256, Algorithm.ES384, Algorithm.ES512})
# Signers of seals. The same authorities certify signers of passports, which lack this usage.
BARCODE_SIGNER = "2.23.136.1.1.14.2"
# Octets: it is parsed before anybody is believed, and the largest QR code holds 2,953.
_LARGEST_CERTIFICATE = 8_000
# Results of tests of which a reader should know, though the pass is genuine.
_FINDINGS = frozenset({"positive", "abnormal"})
_KINDS = {"icao.vacc": "ICAO proof of vaccination", "icao.test": "ICAO proof of testing"}


def is_vds_nc(value: dict[str, Any]) -> bool:
    """Tell whether JSON has ICAO's header."""
    data = value.get("data")
    return isinstance(data, dict) and isinstance(data.get("hdr"), dict)


def open_vds_nc(value: dict[str, Any]) -> OpenedPass:
    """Open a seal. Raises PassRefused with the status that says how far it could be read."""
    seal = value.get("sig")
    if not isinstance(seal, dict):
        raise bad_encoding("The seal has no signature (sig).")
    data: dict[str, Any] = value["data"]
    signed = Signed(
        algorithm=_algorithm(seal),
        octets=strict_json.canonical(data),
        signature=base64url.decode(_text(seal, "sigvl"), what="The signature (sigvl)"),
    )
    if "cer" not in seal:
        # A signer may leave it out where readers know its certificates otherwise.
        raise PassRefused(
            Status.KID_NOT_INCLUDED, "The seal does not carry its signer's certificate."
        )
    certificate = base64url.decode(_text(seal, "cer"), what="The signer's certificate (cer)")
    if len(certificate) > _LARGEST_CERTIFICATE:
        raise bad_encoding("The signer's certificate (cer) is larger than that of any signer.")
    issuer = data["hdr"].get("is")
    return OpenedPass(
        format=PassFormat.VDS_NC,
        signed=signed,
        signer=Enclosed(read_certificate(certificate)),
        content=_content(data),
        issuer=issuer if isinstance(issuer, str) else None,
    )


def _content(data: dict[str, Any]) -> Content:
    message = data.get("msg")
    members = message if isinstance(message, dict) else {}
    person = members.get("pid")
    holder = person if isinstance(person, dict) else {}
    kind = data["hdr"].get("t")
    return Content(
        kind=_KINDS.get(kind, "ICAO seal") if isinstance(kind, str) else "ICAO seal",
        subject=Subject(
            # In the letters of the machine-readable zone, with spaces for its fillers.
            standardised_name=_or_none(holder.get("n")),
            date_of_birth=_or_none(holder.get("dob")),
            document_number=_or_none(holder.get("i")) or _or_none(holder.get("dn")),
        ),
        usage=Usage(needed=frozenset({BARCODE_SIGNER}), absent_means_any=False, own_country=True),
        identifier=_or_none(members.get("uvci")) or _or_none(members.get("utci")),
        faults=tuple(schema("vds_nc").faults(data)),
        notes=_notes(members.get("tr")),
        dated_notes=tuple(doses_ahead(*_dose_dates(members.get("ve")))),
    )


def _notes(result: Any) -> tuple[str, ...]:
    said = _or_none(result.get("r")) if isinstance(result, dict) else None
    return (f"The result of the test is: {said}.",) if said in _FINDINGS else ()


def _dose_dates(events: Any) -> Iterator[object]:
    for event in _objects(events):
        yield from (dose.get("dvc") for dose in _objects(event.get("vd")))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _algorithm(seal: dict[str, Any]) -> Algorithm:
    name = seal.get("alg")
    if not isinstance(name, str) or name not in ALGORITHMS:
        raise PassRefused(
            Status.INVALID_SIGNATURE, "The seal names an algorithm that ICAO's seals never use."
        )
    return Algorithm(name)


def _text(seal: dict[str, Any], member: str) -> str:
    value = seal.get(member)
    if not isinstance(value, str):
        raise bad_encoding(f"The seal's signature lacks {member}.")
    return value


def _or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
