"""Claim 169: identity data of MOSIP in a CBOR Web Token (base45, zlib, COSE_Sign1; no prefix)."""

from __future__ import annotations

from typing import Any

from signing.passes.codecs import base45, compression
from signing.passes.codecs.cose import read_claims, read_sign1
from signing.passes.codecs.signatures import Algorithm
from signing.passes.errors import PassRefused
from signing.passes.formats import health_usages
from signing.passes.formats.moments import ClaimedTimes
from signing.passes.formats.opened import Content, NamedKey, OpenedPass, Subject, Usage
from signing.passes.formats.status_claim import status_of
from signing.passes.pass_format import PassFormat
from signing.passes.rules.schema import schema
from signing.passes.settings import PassSettings
from signing.passes.statuses import Status

# MOSIP's specification names ES256 and EdDSA; PS256 is what RSA-based issuers use beside them.
ALGORITHMS = frozenset({Algorithm.ES256, Algorithm.EDDSA, Algorithm.PS256})

_ISS, _EXP, _NBF, _IAT = 1, 4, 5, 6
_IDENTITY = 169
_FULL_NAME, _NAME_PARTS, _BORN, _FACE = 4, (5, 6, 7), 8, 16
# RFC 1950, Section 2.2: DEFLATE with a window of 32 KiB, which every compressor writes.
_ZLIB = 0x78


def looks_like_token(text: str) -> bool:
    """Tell whether a text is base45 of a zlib stream."""
    if not base45.is_base45(text):
        return False
    try:
        return base45.decode(text[:3])[:1] == bytes([_ZLIB])
    except PassRefused:
        return False


def open_claim169(text: str, settings: PassSettings) -> OpenedPass:
    """Open a code. Raises PassRefused with the status that says how far it could be read."""
    octets = base45.decode(text)
    message = read_sign1(compression.inflate(octets, most=settings.largest_content))
    claims = read_claims(message)
    if _IDENTITY not in claims:
        raise PassRefused(
            Status.NOT_SUPPORTED,
            "The code is a signed token without identity data (claim 169). A health certificate "
            "would begin with HC1:.",
        )
    times = ClaimedTimes(claims)
    issued_at = times.instant(_IAT, "The time of issuing (claim 6)")
    expires_at = times.instant(_EXP, "The time of expiry (claim 4)")
    not_before = times.instant(_NBF, "The time from which it counts (claim 5)")
    status = status_of(claims, times.faults)
    signed = message.signed(ALGORITHMS)
    if message.key_id is None:
        raise PassRefused(Status.KID_NOT_INCLUDED, "The code does not say whose key signed it.")
    issuer = claims.get(_ISS)
    return OpenedPass(
        format=PassFormat.CLAIM_169,
        signed=signed,
        signer=NamedKey(message.key_id),
        content=_content(claims[_IDENTITY]),
        issuer=issuer if isinstance(issuer, str) else None,
        issued_at=issued_at,
        not_before=not_before,
        expires_at=expires_at,
        status=status,
        faults=tuple(times.faults),
    )


def _content(identity: Any) -> Content:
    if not isinstance(identity, dict):
        return Content(kind="Identity", faults=("Claim 169 is not a map.",))
    # The schema is written for JSON, whose members have names, and which has no octets.
    members = {str(key): value for key, value in identity.items() if type(key) is int}
    faults = schema("claim169").faults(members)
    if _FACE in identity and not (isinstance(identity[_FACE], bytes) and identity[_FACE]):
        faults.append("16 is no picture.")
    return Content(
        kind="Identity",
        subject=Subject(
            name=_text(identity.get(_FULL_NAME))
            or " ".join(filter(None, (_text(identity.get(part)) for part in _NAME_PARTS)))
            or None,
            date_of_birth=_date(identity.get(_BORN)),
        ),
        usage=Usage(refused=health_usages.EVERY),
        faults=tuple(faults),
    )


def _date(value: object) -> str | None:
    text = (_text(value) or "").replace("-", "")
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
