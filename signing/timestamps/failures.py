"""What a client is told in the words of RFC 3161, Section 2.4.2: PKIStatusInfo."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from ca.der import BIT_STRING, INTEGER, SEQUENCE, UTF8_STRING, encode_element
from core.errors import CamtrustError, Malformed
from signing.timestamps.errors import (
    ClockNotTrusted,
    HashNotStamped,
    ImprintMalformed,
    TimestampExtensionUnknown,
    TimestampPolicyNotOffered,
    TimestampRequestMalformed,
    TimestampVersionUnknown,
)

# PKIStatus ::= INTEGER { granted (0), ..., rejection (2), ... }
_GRANTED = encode_element(SEQUENCE, encode_element(INTEGER, b"\x00"))
_REJECTION = encode_element(INTEGER, b"\x02")


class Failure(IntEnum):
    """PKIFailureInfo: each is the number of its bit."""

    BAD_ALG = 0
    BAD_REQUEST = 2
    BAD_DATA_FORMAT = 5
    TIME_NOT_AVAILABLE = 14
    UNACCEPTED_POLICY = 15
    UNACCEPTED_EXTENSION = 16
    SYSTEM_FAILURE = 25


# Octets that are no request at all are of the wrong format, and no transaction that is offered.
UNREADABLE = (Failure.BAD_REQUEST, Failure.BAD_DATA_FORMAT)
# The first class that an error is an instance of decides.
_FAILURES: tuple[tuple[type[CamtrustError], tuple[Failure, ...]], ...] = (
    (TimestampRequestMalformed, UNREADABLE),
    (TimestampVersionUnknown, (Failure.BAD_REQUEST,)),
    (ImprintMalformed, (Failure.BAD_DATA_FORMAT,)),
    (Malformed, UNREADABLE),
    (HashNotStamped, (Failure.BAD_ALG,)),
    (TimestampPolicyNotOffered, (Failure.UNACCEPTED_POLICY,)),
    (TimestampExtensionUnknown, (Failure.UNACCEPTED_EXTENSION,)),
    (ClockNotTrusted, (Failure.TIME_NOT_AVAILABLE,)),
    (CamtrustError, (Failure.SYSTEM_FAILURE,)),
)


def failures_of(error: CamtrustError) -> tuple[Failure, ...]:
    """Return the bits that a refusal sets; what has none of its own is a systemFailure."""
    return next(bits for kind, bits in _FAILURES if isinstance(error, kind))


def encode_granted(token_der: bytes) -> bytes:
    """Return TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken OPTIONAL }."""
    return encode_element(SEQUENCE, _GRANTED + token_der)


def encode_rejection(failures: Iterable[Failure], words: str) -> bytes:
    """Return a TimeStampResp without a token."""
    # PKIStatusInfo ::= SEQUENCE { status, statusString PKIFreeText OPTIONAL, failInfo OPTIONAL }
    text = encode_element(SEQUENCE, encode_element(UTF8_STRING, words.encode()))
    return encode_element(SEQUENCE, encode_element(SEQUENCE, _REJECTION + text + _bits(failures)))


def _bits(failures: Iterable[Failure]) -> bytes:
    numbers = set(failures)
    last = max(numbers)
    octets = bytearray(last // 8 + 1)
    for number in numbers:
        octets[number // 8] |= 0x80 >> number % 8
    # X.690, Section 11.2.2: of named bits those after the last one that is set are left out.
    return encode_element(BIT_STRING, bytes([7 - last % 8]) + bytes(octets))
