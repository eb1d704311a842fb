"""Write the few DER types that CMP's answers need (X.690).

By hand and not with pyasn1: a certificate goes out octet for octet as it was signed, and is not
taken apart for that. pyasn1-alt-modules reads every answer in the tests.
"""

from __future__ import annotations

from datetime import UTC, datetime

from ca.der import (
    BIT_STRING,
    GENERALIZED_TIME,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    UTF8_STRING,
    encode_element,
)

_CONTEXT_CONSTRUCTED = 0xA0
_DIRECTORY_NAME = 4


def sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE, or a SEQUENCE OF, of parts in DER."""
    return encode_element(SEQUENCE, b"".join(parts))


def explicit(number: int, der: bytes) -> bytes:
    """Return ``der`` under an explicit context tag."""
    return encode_element(_CONTEXT_CONSTRUCTED + number, der)


def integer(value: int) -> bytes:
    """Return an INTEGER."""
    length = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return encode_element(INTEGER, value.to_bytes(length, "big", signed=True))


def octets(value: bytes) -> bytes:
    """Return an OCTET STRING."""
    return encode_element(OCTET_STRING, value)


def bits(value: bytes) -> bytes:
    """Return a BIT STRING that fills its octets."""
    return encode_element(BIT_STRING, b"\x00" + value)


def one_bit(number: int) -> bytes:
    """Return a BIT STRING of named bits in which one is set (X.690, Section 11.2.2)."""
    content = bytes(number // 8) + bytes([0x80 >> number % 8])
    return encode_element(BIT_STRING, bytes([7 - number % 8]) + content)


def text(value: str) -> bytes:
    """Return a UTF8String."""
    return encode_element(UTF8_STRING, value.encode())


def time(value: datetime) -> bytes:
    """Return a GeneralizedTime of whole seconds."""
    return encode_element(GENERALIZED_TIME, f"{value.astimezone(UTC):%Y%m%d%H%M%SZ}".encode())


def directory_name(name_der: bytes) -> bytes:
    """Return a Name as a GeneralName."""
    return explicit(_DIRECTORY_NAME, name_der)
