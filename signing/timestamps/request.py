"""Read a time-stamp request strictly: RFC 3161, Section 2.4.1, in DER.

Fuzzed: nothing but a :class:`core.errors.Malformed` comes out of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ca.der import (
    BOOLEAN,
    INTEGER,
    NULL_DER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    Element,
    NotDer,
    read_fields,
    read_integer,
    read_oid,
    read_only,
)
from signing.timestamps.errors import TimestampRequestMalformed, TimestampVersionUnknown

# extensions [0] IMPLICIT Extensions
_EXTENSIONS = 0xA0
# DER leaves a default FALSE out; requests that spell it are read all the same.
_BOOLEANS = {b"\x00": False, b"\xff": True}
# MessageImprint and what may follow it, in this order.
_OPTIONAL = (OBJECT_IDENTIFIER, INTEGER, BOOLEAN, _EXTENSIONS)


@dataclass(frozen=True)
class TimestampRequest:
    """What a client asks for. The fields ``..._der`` are echoed as they came.

    ``hash_oid`` is the DER of the hash algorithm's identifier; ``policy_der`` and ``nonce_der``
    are None where the request has none.
    """

    imprint_der: bytes
    hash_oid: bytes
    digest: bytes
    policy_der: bytes | None
    nonce_der: bytes | None
    wants_certificates: bool
    has_extensions: bool


def parse_request(data: bytes) -> TimestampRequest:
    """Read a TimeStampReq. Raises TimestampRequestMalformed or TimestampVersionUnknown."""
    try:
        return _parse(data)
    except NotDer as error:
        raise TimestampRequestMalformed(
            f"This is no time-stamp request (RFC 3161). {error.detail}"
        ) from error


def _parse(data: bytes) -> TimestampRequest:
    # TimeStampReq ::= SEQUENCE { version INTEGER { v1(1) }, messageImprint,
    #                             reqPolicy OBJECT IDENTIFIER OPTIONAL, nonce INTEGER OPTIONAL,
    #                             certReq BOOLEAN DEFAULT FALSE, extensions [0] OPTIONAL }
    parts = list(read_only(data, SEQUENCE).children())
    if len(parts) < 2 or parts[0].tag != INTEGER:
        raise TimestampRequestMalformed("A request begins with its version and a digest.")
    if read_integer(parts[0]) != 1:
        raise TimestampVersionUnknown("Send a request of version 1, as RFC 3161 describes it.")
    hash_oid, digest = _read_imprint(parts[1])
    optional = _read_optional(parts[2:])
    return TimestampRequest(
        imprint_der=parts[1].der,
        hash_oid=hash_oid,
        digest=digest,
        policy_der=_read_policy(optional.get(OBJECT_IDENTIFIER)),
        nonce_der=_read_nonce(optional.get(INTEGER)),
        wants_certificates=_read_boolean(optional.get(BOOLEAN)),
        has_extensions=_EXTENSIONS in optional,
    )


def _read_imprint(imprint: Element) -> tuple[bytes, bytes]:
    # MessageImprint ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier, hashedMessage OCTET STRING }
    if imprint.tag != SEQUENCE:
        raise TimestampRequestMalformed("The request names no digest.")
    algorithm, digest = read_fields(imprint, SEQUENCE, OCTET_STRING)
    parts = list(algorithm.children())
    if not parts or parts[0].tag != OBJECT_IDENTIFIER or len(parts) > 2:
        raise TimestampRequestMalformed("The hash algorithm cannot be read.")
    read_oid(parts[0])
    # RFC 5754, Section 2: parameters absent or NULL.
    if len(parts) == 2 and parts[1].der != NULL_DER:
        raise TimestampRequestMalformed("A hash algorithm has no parameters.")
    return parts[0].der, digest.value


def _read_optional(parts: list[Element]) -> dict[int, Element]:
    found: dict[int, Element] = {}
    position = 0
    for part in parts:
        if part.tag not in _OPTIONAL[position:]:
            raise TimestampRequestMalformed("The request has fields unknown or out of order.")
        position = _OPTIONAL.index(part.tag) + 1
        found[part.tag] = part
    return found


def _read_policy(policy: Element | None) -> bytes | None:
    if policy is None:
        return None
    read_oid(policy)
    return policy.der


def _read_nonce(nonce: Element | None) -> bytes | None:
    if nonce is None:
        return None
    read_integer(nonce)
    return nonce.der


def _read_boolean(element: Element | None) -> bool:
    if element is None:
        return False
    if element.value not in _BOOLEANS:
        raise TimestampRequestMalformed("A yes or no cannot be read.")
    return _BOOLEANS[element.value]
