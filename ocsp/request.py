"""Read an OCSP request strictly: RFC 6960, Section 4.1, in DER.

Fuzzed: nothing but :class:`OcspMalformed` comes out of it.
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
    read_only,
)
from core.errors import Malformed
from ocsp import oids

_EXPLICIT_0, _EXPLICIT_1, _EXPLICIT_2 = 0xA0, 0xA1, 0xA2
_VERSION_1 = bytes.fromhex("020100")
_TRUE = b"\xff"

# RFC 9654, Section 2.1.
LONGEST_NONCE_OCTETS = 128
# Enough for a chain or a page of signatures; each needs a look-up.
MOST_CERTIFICATES = 100

# Those that may be critical, because we know what they ask for. Acceptable responses: what we
# give, the basic response, every client has to take (Section 4.4.3). Preferred algorithms are
# wishes that may go unmet (Section 4.4.7.2), and a service locator asks us to pass the request
# on, which a responder with an answer of its own need not do (Section 4.4.6).
_UNDERSTOOD = {
    oids.NONCE,
    oids.ACCEPTABLE_RESPONSES,
    oids.PREFERRED_SIGNATURE_ALGORITHMS,
    oids.SERVICE_LOCATOR,
}


class OcspMalformed(Malformed):
    """The octets are no OCSP request."""

    problem = "ocsp-malformed"
    title = "This is no OCSP request"


@dataclass(frozen=True)
class CertId:
    """Which certificate is asked about. ``der`` is echoed as it came.

    ``hash_oid`` is the DER of the hash algorithm's identifier.
    """

    der: bytes
    hash_oid: bytes
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial_number: int


@dataclass(frozen=True)
class StatusRequest:
    """A request: certificates in order, and the nonce extension's value if there was one."""

    certificates: tuple[CertId, ...]
    nonce: bytes | None


def parse_request(data: bytes) -> StatusRequest:
    """Read an OCSPRequest. A signature on it is not looked at: answers are for everyone.

    Raises OcspMalformed.
    """
    try:
        return _parse(data)
    except NotDer as error:
        raise OcspMalformed(error.detail) from error


def _parse(data: bytes) -> StatusRequest:
    # OCSPRequest ::= SEQUENCE { tbsRequest, optionalSignature [0] OPTIONAL }
    parts = list(read_only(data, SEQUENCE).children())
    tags = [part.tag for part in parts]
    if tags not in ([SEQUENCE], [SEQUENCE, _EXPLICIT_0]):
        raise OcspMalformed("A request is a list of questions and at most one signature.")
    # TBSRequest ::= SEQUENCE { version [0] DEFAULT v1, requestorName [1] OPTIONAL,
    #                           requestList, requestExtensions [2] OPTIONAL }
    fields = {}
    order = (_EXPLICIT_0, _EXPLICIT_1, SEQUENCE, _EXPLICIT_2)
    position = 0
    for field in parts[0].children():
        if field.tag not in order[position:]:
            raise OcspMalformed("The request has fields that are unknown or out of order.")
        position = order.index(field.tag) + 1
        fields[field.tag] = field
    if _EXPLICIT_0 in fields and fields[_EXPLICIT_0].value != _VERSION_1:
        raise OcspMalformed("Only version 1 is known.")
    if SEQUENCE not in fields:
        raise OcspMalformed("The request asks about nothing.")
    certificates = tuple(_read_question(one) for one in fields[SEQUENCE].children())
    if not 0 < len(certificates) <= MOST_CERTIFICATES:
        raise OcspMalformed(f"A request asks about 1 to {MOST_CERTIFICATES} certificates.")
    extensions = _read_extensions(fields.get(_EXPLICIT_2))
    return StatusRequest(certificates, _check_nonce(extensions.get(oids.NONCE)))


def _read_question(question: Element) -> CertId:
    # Request ::= SEQUENCE { reqCert CertID, singleRequestExtensions [0] OPTIONAL }
    if question.tag != SEQUENCE:
        raise OcspMalformed("A question is a sequence.")
    parts = list(question.children())
    if [part.tag for part in parts] not in ([SEQUENCE], [SEQUENCE, _EXPLICIT_0]):
        raise OcspMalformed("A question names one certificate.")
    _read_extensions(parts[1] if len(parts) > 1 else None)
    # CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }
    algorithm, name_hash, key_hash, serial_number = read_fields(
        parts[0], SEQUENCE, OCTET_STRING, OCTET_STRING, INTEGER
    )
    return CertId(
        der=parts[0].der,
        hash_oid=_read_hash(algorithm),
        issuer_name_hash=name_hash.value,
        issuer_key_hash=key_hash.value,
        serial_number=read_integer(serial_number),
    )


def _read_hash(algorithm: Element) -> bytes:
    # RFC 5754, Section 2: parameters absent or NULL.
    parts = list(algorithm.children())
    if not parts or parts[0].tag != OBJECT_IDENTIFIER or len(parts) > 2:
        raise OcspMalformed("The hash algorithm cannot be read.")
    if len(parts) == 2 and parts[1].der != NULL_DER:
        raise OcspMalformed("A hash algorithm has no parameters.")
    return parts[0].der


def _read_extensions(explicit: Element | None) -> dict[bytes, bytes]:
    if explicit is None:
        return {}
    [listed] = read_fields(explicit, SEQUENCE)
    found: dict[bytes, bytes] = {}
    for oid, critical, value in map(_read_extension, listed.children()):
        if oid in found:
            raise OcspMalformed("An extension stands twice.")
        if critical and oid not in _UNDERSTOOD:
            # RFC 6960, Section 4.4: only what is not critical may be ignored.
            raise OcspMalformed("The request has a critical extension that is not understood.")
        found[oid] = value
    if not found:
        raise OcspMalformed("A list of extensions is never empty.")
    return found


def _read_extension(extension: Element) -> tuple[bytes, bool, bytes]:
    # Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue }
    if extension.tag != SEQUENCE:
        raise OcspMalformed("An extension is a sequence.")
    parts = list(extension.children())
    tags = [part.tag for part in parts]
    if tags == [OBJECT_IDENTIFIER, OCTET_STRING]:
        return parts[0].der, False, parts[1].value
    if tags == [OBJECT_IDENTIFIER, BOOLEAN, OCTET_STRING] and len(parts[1].value) == 1:
        return parts[0].der, parts[1].value == _TRUE, parts[2].value
    raise OcspMalformed("An extension cannot be read.")


def _check_nonce(value: bytes | None) -> bytes | None:
    if value is None:
        return None
    # RFC 9654, Section 2.1: Nonce ::= OCTET STRING (SIZE(1..128)); others MUST be rejected.
    if not 1 <= len(read_only(value, OCTET_STRING).value) <= LONGEST_NONCE_OCTETS:
        raise OcspMalformed(f"A nonce has 1 to {LONGEST_NONCE_OCTETS} octets.")
    return value
