"""HC1: the electronic health certificate of the EU and WHO (HCERT specification 1.0.8).

``HC1:`` base45(zlib(COSE_Sign1(claims))), with the content in claim -260 by sub-claims. WHO's own
samples have a flat map of members in place of claims.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from signing.passes.codecs import base45, compression
from signing.passes.codecs.cose import Sign1, read_claims, read_sign1
from signing.passes.codecs.signatures import Algorithm
from signing.passes.errors import PassRefused, bad_encoding
from signing.passes.formats.dcc import read_dcc
from signing.passes.formats.moments import ClaimedTimes
from signing.passes.formats.opened import Content, NamedKey, OpenedPass
from signing.passes.formats.status_claim import status_of
from signing.passes.formats.who import read_ddcc, read_icvp
from signing.passes.pass_format import PassFormat
from signing.passes.settings import PassSettings
from signing.passes.statuses import Status

PREFIX = "HC1:"
# HCERT specification, Section 3.3.1.
ALGORITHMS = frozenset({Algorithm.ES256, Algorithm.PS256})

# RFC 8392, Section 4; HCERT specification, Section 3.3.
_ISS, _EXP, _NBF, _IAT, _HCERT = 1, 4, 5, 6, -260
_SUB_CLAIMS: dict[int, Callable[[Any], Content]] = {
    1: read_dcc,
    3: read_ddcc,
    4: read_ddcc,
    -6: read_icvp,
}
_LINK = 5
_EU_DCC = 1


def open_hc1(text: str, settings: PassSettings) -> OpenedPass:
    """Open a code. Raises PassRefused with the status that says how far it could be read."""
    octets = base45.decode(text.removeprefix(PREFIX))
    message = read_sign1(compression.inflate(octets, most=settings.largest_content))
    return open_message(message)


def open_message(message: Sign1) -> OpenedPass:
    """Open the signed message of a code."""
    claims = read_claims(message)
    is_flat = _HCERT not in claims and isinstance(claims.get("name"), str)
    content, faults = (read_ddcc(claims), []) if is_flat else _content(claims)
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
        format=PassFormat.HC1,
        signed=signed,
        signer=NamedKey(message.key_id),
        content=content,
        issuer=issuer if isinstance(issuer, str) else None,
        issued_at=issued_at,
        not_before=not_before,
        expires_at=expires_at,
        status=status,
        faults=(*faults, *times.faults),
    )


def _content(claims: dict[Any, Any]) -> tuple[Content, list[str]]:
    held = claims.get(_HCERT)
    if not isinstance(held, dict):
        raise bad_encoding("The code is a signed token without a health certificate (claim -260).")
    for sub_claim, read in _SUB_CLAIMS.items():
        if sub_claim in held:
            faults = []
            if len(held) > 1:
                faults.append("Claim -260 holds more than one certificate.")
            if sub_claim == _EU_DCC and _EXP not in claims:
                # HCERT specification, Section 3.3.4
                faults.append("The time of expiry (claim 4) is missing.")
            return read(_unwrapped(held[sub_claim], sub_claim)), faults
    if _LINK in held:
        raise PassRefused(
            Status.NOT_SUPPORTED,
            "The code is a verifiable health link: its content lies on a server, and nothing is "
            "fetched here.",
        )
    raise PassRefused(Status.NOT_SUPPORTED, "Its health certificate is of a kind not known here.")


def _unwrapped(value: Any, sub_claim: int) -> Any:
    # WHO's model has a list for its own sub-claims; the EU's has the certificate itself.
    if sub_claim != _EU_DCC and isinstance(value, list) and len(value) == 1:
        return value[0]
    return value
