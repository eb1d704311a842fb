"""Time-stamp tokens: had, looked at, and found to be about what was asked (RFC 3161)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509

from ca.der import (
    GENERALIZED_TIME,
    NULL_DER,
    OCTET_STRING,
    SEQUENCE,
    Element,
    NotDer,
    encode_element,
    encode_oid,
    read_element,
    read_only,
)
from ca.foreign_certificates import read_certificate
from core.errors import Unavailable
from signing.documents.cades import DIGEST_ALGORITHMS, issuer_and_serial
from signing.documents.errors import UNHARMED, TimestampUnavailable
from signing.documents.ports import TimestampSource

# What a token takes with a chain of RSA-4096 certificates, before one was seen.
_FIRST_RESERVE = 12 * 1024
# Serial numbers and times vary by some octets.
_MARGIN = 512
_IMPLICIT_0 = 0xA0
_SIGNED_DATA = encode_oid("1.2.840.113549.1.7.2")
_TST_INFO = encode_oid("1.2.840.113549.1.9.16.1.4")


@dataclass(frozen=True)
class Token:
    """A time-stamp token: when, by whom, and the certificates that came with it."""

    der: bytes
    time: datetime
    unit: x509.Certificate
    certificates: Sequence[x509.Certificate]


class Timestamps:
    """Asks a source for tokens, and remembers how much room they take."""

    def __init__(self, source: TimestampSource) -> None:
        self._source = source
        self._largest: int | None = None

    @property
    def reserve(self) -> int:
        """How many octets to keep free for a token."""
        return _FIRST_RESERVE if self._largest is None else self._largest + _MARGIN

    def stamp(self, digest: bytes, hash_name: str) -> Token:
        """Have ``digest`` stamped. Raises TimestampUnavailable."""
        reserve = self.reserve
        try:
            der = self._source.timestamp(digest, hash_name)
        except Unavailable as error:
            raise TimestampUnavailable(
                f"No time-stamp was to be had: {error.detail} Try again later.", kept=UNHARMED
            ) from error
        token = _read(der, digest, hash_name)
        self._largest = max(self._largest or 0, len(der))
        if len(der) > reserve:
            raise TimestampUnavailable(
                "The time-stamp is larger than any before. Try again: there will be room for it.",
                kept=UNHARMED,
            )
        return token


def _read(der: bytes, digest: bytes, hash_name: str) -> Token:
    try:
        return read_token(der, digest, hash_name)
    except (NotDer, ValueError) as error:
        raise TimestampUnavailable(
            "The time-stamping authority's answer is no time-stamp of this signature.",
            kept=UNHARMED,
        ) from error


def read_token(der: bytes, digest: bytes, hash_name: str) -> Token:
    """Read a token about ``digest``. Raises ValueError or NotDer where it is none."""
    token, imprint = _opened(read_only(der, SEQUENCE))
    expected = encode_element(
        SEQUENCE, DIGEST_ALGORITHMS[hash_name] + encode_element(OCTET_STRING, digest)
    )
    with_null = encode_element(
        SEQUENCE, _with_null(DIGEST_ALGORITHMS[hash_name]) + encode_element(OCTET_STRING, digest)
    )
    if imprint not in {expected, with_null}:
        raise ValueError("another imprint")
    return token


def read_embedded(padded: bytes) -> Token:
    """Read the token of a document time-stamp, after which zeros follow.

    Raises ValueError or NotDer.
    """
    return _opened(read_element(padded))[0]


def _opened(content_info: Element) -> tuple[Token, bytes]:
    """Return the token and its messageImprint in DER. RFC 5652, Section 5.1; RFC 3161, 2.4.2."""
    kind, content = _fields(content_info, 2)
    if kind.der != _SIGNED_DATA:
        raise ValueError("no SignedData")
    signed = list(next(content.children()).children())
    _version, _digests, encapsulated, *optional, signers = signed
    info = _tst_info(encapsulated)
    certificates = [
        read_certificate(one.der)
        for field in optional
        if field.tag == _IMPLICIT_0
        for one in field.children()
        if one.tag == SEQUENCE
    ]
    signer = next(signers.children())
    _version, identifier, *_ = signer.children()
    unit = next((one for one in certificates if issuer_and_serial(one) == identifier.der), None)
    if unit is None:
        raise ValueError("the unit's certificate is not in the token")
    _version, _policy, imprint, _serial, time, *_ = info.children()
    return Token(content_info.der, _gen_time(time), unit, certificates), imprint.der


def _tst_info(encapsulated: Element) -> Element:
    kind, content = _fields(encapsulated, 2)
    if kind.der != _TST_INFO:
        raise ValueError("no TSTInfo")
    return read_only(next(content.children()).value, SEQUENCE)


def _fields(parent: Element, count: int) -> list[Element]:
    fields = list(parent.children())
    if len(fields) != count:
        raise ValueError("other fields")
    return fields


def _gen_time(element: Element) -> datetime:
    # RFC 3161, Section 2.4.2: YYYYMMDDhhmmss, parts of a second perhaps, and Z.
    text = element.value.decode("ascii")
    if element.tag != GENERALIZED_TIME or not text.endswith("Z"):
        raise ValueError("no genTime")
    whole, point, parts = text.removesuffix("Z").partition(".")
    found = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return found.replace(microsecond=int(parts[:6].ljust(6, "0"))) if point else found


def _with_null(algorithm: bytes) -> bytes:
    # RFC 5754, Section 2: NULL parameters are to be accepted too.
    return encode_element(SEQUENCE, read_only(algorithm, SEQUENCE).value + NULL_DER)
