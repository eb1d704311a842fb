"""The compact record of one certificate: what its answers do not share with others.

    version      6 octets   the transparency log's size before the standing was read
    template     6 octets   whose answers they are (ocsp.stored.template)
    this_update  4 octets   seconds since 1970; producedAt is the same instant
    next_update  4 octets
    standing     1 octet    0 good, 1 withdrawn, 0x80 + reason code revoked
    revoked_at   4 octets   0 unless revoked
    lengths      2 octets   of the first signature, and 2 of the second
    signature               of the answer whose CertID is by SHA-1
    signature               of the answer whose CertID is by SHA-256
    padding                 zeros, up to a multiple of 8 octets

Numbers are unsigned and big-endian, so that versions compare as octets do. Seconds last until
2106. A withdrawn record has no signatures: it keeps a signer that read an older standing from
putting its answer back. The padding lets a renewed record take the place of the one before it:
an ECDSA signature's length differs by an octet or two from time to time, and a page that was full
would have to be split for it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ca.revocation.reasons import RevocationReason
from core.errors import Malformed

VERSION: Final = slice(0, 6)
TEMPLATE: Final = slice(6, 12)
# thisUpdate and nextUpdate together: what all answers of one batch have in common.
TIMES: Final = slice(12, 20)
STANDING: Final = 20
GOOD: Final = 0
WITHDRAWN: Final = 1
_REVOKED: Final = 0x80

_HEAD: Final = struct.Struct(">6s6sIIBIHH")
_TIMES: Final = struct.Struct(">II")
HEAD_OCTETS: Final = _HEAD.size
_LENGTHS: Final = struct.Struct(">HH")
_LENGTHS_AT: Final = HEAD_OCTETS - _LENGTHS.size
_MULTIPLE: Final = 8
_BY_CODE: Final = {reason.code: reason for reason in RevocationReason}


class RecordMalformed(Malformed):
    """The octets are no record of a stored answer."""

    problem = "stored-answer-malformed"
    title = "This is no stored answer"


@dataclass(frozen=True)
class AnswerRecord:
    """A record, read. ``revoked_at`` and ``reason`` are None for a good certificate.

    ``signatures`` are the answers by SHA-1 and by SHA-256, as X.509 carries them; None where
    the answers were withdrawn.
    """

    version: int
    template: bytes
    this_update: datetime
    next_update: datetime
    revoked_at: datetime | None
    reason: RevocationReason | None
    signatures: tuple[bytes, bytes] | None

    def encode(self) -> bytes:
        """Return the octets to store."""
        first, second = self.signatures or (b"", b"")
        standing, revoked_at = GOOD, 0
        if self.signatures is None:
            standing = WITHDRAWN
        elif self.reason is not None and self.revoked_at is not None:
            standing, revoked_at = _REVOKED | self.reason.code, _seconds(self.revoked_at)
        head = _HEAD.pack(
            encode_version(self.version),
            self.template,
            _seconds(self.this_update),
            _seconds(self.next_update),
            standing,
            revoked_at,
            len(first),
            len(second),
        )
        return _padded(head + first + second)

    @classmethod
    def decode(cls, octets: bytes) -> AnswerRecord:
        """Read what :meth:`encode` wrote. Raises RecordMalformed."""
        if len(octets) < HEAD_OCTETS:
            raise RecordMalformed("The record is cut off.")
        version, template, this_update, next_update, standing, revoked_at, *lengths = (
            _HEAD.unpack_from(octets)
        )
        reason = None
        if standing & _REVOKED:
            reason = _BY_CODE.get(standing & ~_REVOKED)
            if reason is None:
                raise RecordMalformed("The record has a reason that nobody knows.")
        elif standing not in (GOOD, WITHDRAWN):
            raise RecordMalformed("The record has a standing that nobody knows.")
        first, second = signature_of(octets, 0), signature_of(octets, 1)
        if (standing == WITHDRAWN) != (not first and not second):
            raise RecordMalformed("The record has too many signatures, or too few.")
        if octets != _padded(octets[:HEAD_OCTETS] + first + second) or lengths != [
            len(first),
            len(second),
        ]:
            raise RecordMalformed("The record's signatures are cut off.")
        return cls(
            version=int.from_bytes(version, "big"),
            template=template,
            this_update=instant(this_update),
            next_update=instant(next_update),
            revoked_at=None if reason is None else instant(revoked_at),
            reason=reason,
            signatures=None if standing == WITHDRAWN else (first, second),
        )


def encode_version(log_size: int) -> bytes:
    """Return a log's size as records begin with it."""
    return log_size.to_bytes(6, "big")


def withdrawn(version: int) -> bytes:
    """Return the record that takes a certificate's answers back."""
    return _padded(_HEAD.pack(encode_version(version), bytes(6), 0, 0, WITHDRAWN, 0, 0, 0))


def signature_of(octets: bytes, kind: int) -> bytes:
    """Return a record's signature by SHA-1 (``kind`` 0) or SHA-256 (1), reading no more of it."""
    first, second = _LENGTHS.unpack_from(octets, _LENGTHS_AT)
    end = HEAD_OCTETS + first
    return octets[end : end + second] if kind else octets[HEAD_OCTETS:end]


def times_of(octets: bytes) -> tuple[int, int]:
    """Return thisUpdate and nextUpdate, in seconds since 1970, of the octets at ``TIMES``."""
    this_update, next_update = _TIMES.unpack(octets)
    return this_update, next_update


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % _MULTIPLE)


def _seconds(instant: datetime) -> int:
    return int(instant.timestamp())


def instant(seconds: int) -> datetime:
    """Return the instant that a record writes in seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)
