"""Encode OCSP responses: RFC 6960, Section 4.2, in DER.

By hand, because no library here encodes several answers or archiveCutoff in one response.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from functools import cached_property, lru_cache

from ca.der import (
    BIT_STRING,
    GENERALIZED_TIME,
    NULL_DER,
    OCTET_STRING,
    SEQUENCE,
    encode_element,
)
from ca.revocation.reasons import RevocationReason
from hsm.keys import SigningKey
from hsm.signature_identifiers import SIGNATURE_ALGORITHM_DER
from ocsp import oids

_ENUMERATED = 0x0A
_EXPLICIT_0, _EXPLICIT_1, _EXPLICIT_2 = 0xA0, 0xA1, 0xA2
# CertStatus ::= CHOICE { good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo,
#                         unknown [2] IMPLICIT NULL }
_GOOD = bytes.fromhex("8000")
_SUCCESSFUL = bytes.fromhex("0a0100")
_REVOKED = 0xA1
_UNKNOWN = bytes.fromhex("8200")


class ResponseStatus(IntEnum):
    """OCSPResponseStatus; 4 is not used, and signed requests (5) are never asked for."""

    SUCCESSFUL = 0
    MALFORMED_REQUEST = 1
    INTERNAL_ERROR = 2
    TRY_LATER = 3
    UNAUTHORIZED = 6


@dataclass(frozen=True)
class SingleAnswer:
    """The answer about one certificate; ``cert_id_der`` is echoed from the request.

    ``revoked_at`` and ``reason`` are None for a good one. ``archive_cutoff`` is set where the
    standing is kept beyond expiry. ``is_unknown``: nothing is said about the certificate.
    """

    cert_id_der: bytes
    revoked_at: datetime | None
    reason: RevocationReason | None
    archive_cutoff: datetime | None
    is_unknown: bool = False


@dataclass(frozen=True)
class Signer:
    """Who signs: the delegate's key, its certificate, and the SHA-1 of its public key."""

    key: SigningKey
    certificate_der: bytes
    key_hash: bytes

    @cached_property
    def responder_id(self) -> bytes:
        """ResponderID ::= CHOICE { byName [1], byKey [2] KeyHash }."""
        return encode_element(_EXPLICIT_2, encode_element(OCTET_STRING, self.key_hash))

    @cached_property
    def certificates(self) -> bytes:
        """BasicOCSPResponse's certs, [0] EXPLICIT SEQUENCE OF Certificate."""
        return encode_element(_EXPLICIT_0, encode_element(SEQUENCE, self.certificate_der))


def encode_error(status: ResponseStatus) -> bytes:
    """Return an unsigned response (RFC 6960, Section 2.3)."""
    return encode_element(SEQUENCE, encode_element(_ENUMERATED, bytes([status])))


def encode_answers(
    answers: Sequence[SingleAnswer],
    *,
    signer: Signer,
    produced_at: datetime,
    next_update: datetime,
    nonce: bytes | None,
    extended_revoke: bool = False,
    this_update: datetime | None = None,
) -> bytes:
    """Return a signed response with the answers in their order. Raises what the key raises.

    ``nonce`` is the extension's value as it came. ``extended_revoke``: an answer says revoked of
    what was never issued (RFC 6960, Section 4.4.8). ``this_update`` is when the
    standings were read, ``produced_at`` unless it is given.
    """
    produced = encode_time(produced_at)
    known_at = produced if this_update is None else encode_time(this_update)
    # RFC 9919, Section 3.2.4: nextUpdate is always there.
    times = known_at + _next_update(next_update)
    singles = b"".join(_single(one, times) for one in answers)
    # ResponseData ::= SEQUENCE { version [0] DEFAULT v1, responderID, producedAt, responses,
    #                             responseExtensions [1] OPTIONAL }
    data = signer.responder_id + produced + encode_element(SEQUENCE, singles)
    extensions = b"" if nonce is None else _extension(oids.NONCE, nonce)
    if extended_revoke:
        extensions += _extension(oids.EXTENDED_REVOKE, NULL_DER)
    if extensions:
        data += encode_element(_EXPLICIT_1, encode_element(SEQUENCE, extensions))
    response_data = encode_element(SEQUENCE, data)
    return _basic(response_data, signer)


def _basic(response_data: bytes, signer: Signer) -> bytes:
    # BasicOCSPResponse ::= SEQUENCE { tbsResponseData, signatureAlgorithm, signature,
    #                                  certs [0] OPTIONAL }
    signature = encode_element(BIT_STRING, b"\x00" + signer.key.sign(response_data))
    algorithm = SIGNATURE_ALGORITHM_DER[signer.key.algorithm]
    basic = encode_element(SEQUENCE, response_data + algorithm + signature + signer.certificates)
    # ResponseBytes ::= SEQUENCE { responseType, response OCTET STRING }
    response_bytes = encode_element(SEQUENCE, oids.BASIC + encode_element(OCTET_STRING, basic))
    return encode_element(SEQUENCE, _SUCCESSFUL + encode_element(_EXPLICIT_0, response_bytes))


def _single(answer: SingleAnswer, times: bytes) -> bytes:
    # SingleResponse ::= SEQUENCE { certID, certStatus, thisUpdate, nextUpdate [0] OPTIONAL,
    #                               singleExtensions [1] OPTIONAL }
    standing = _UNKNOWN
    if not answer.is_unknown:
        standing = encode_standing(answer.revoked_at, answer.reason)
    body = answer.cert_id_der + standing + times
    if answer.archive_cutoff is not None:
        body += encode_archive_cutoff(answer.archive_cutoff)
    return encode_element(SEQUENCE, body)


def encode_standing(revoked_at: datetime | None, reason: RevocationReason | None) -> bytes:
    """Return a CertStatus: good where both are None, else revoked."""
    if revoked_at is None or reason is None:
        return _GOOD
    # RevokedInfo ::= SEQUENCE { revocationTime, revocationReason [0] EXPLICIT OPTIONAL }
    info = encode_time(revoked_at)
    # RFC 5280, Section 5.3.1: rather no reason than the value unspecified.
    if reason is not RevocationReason.UNSPECIFIED:
        code = encode_element(_ENUMERATED, bytes([reason.code]))
        info += encode_element(_EXPLICIT_0, code)
    return encode_element(_REVOKED, info)


@lru_cache(maxsize=64)
def encode_archive_cutoff(cutoff: datetime) -> bytes:
    """Return singleExtensions with the archive cut-off alone (RFC 6960, Section 4.4.4)."""
    extension = _extension(oids.ARCHIVE_CUTOFF, encode_time(cutoff))
    return encode_element(_EXPLICIT_1, encode_element(SEQUENCE, extension))


@lru_cache(maxsize=256)
def _next_update(instant: datetime) -> bytes:
    return encode_element(_EXPLICIT_0, encode_time(instant))


# Many answers of one second share their instants.
@lru_cache(maxsize=256)
def encode_time(instant: datetime) -> bytes:
    """Return a GeneralizedTime without fractions, as RFC 5280, Section 4.1.2.5.2 has them.

    RFC 6960, Section 4.2.2.1, asks for that form.
    """
    digits = instant.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")
    return encode_element(GENERALIZED_TIME, digits.encode())


def _extension(oid: bytes, value: bytes) -> bytes:
    # critical is FALSE by default.
    return encode_element(SEQUENCE, oid + encode_element(OCTET_STRING, value))
