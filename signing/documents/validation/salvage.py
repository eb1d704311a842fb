"""Signatures of a PDF that cannot be read: found by their octets, so that a report can say why.

Nothing found here is ever INTACT: where the structure is broken, a digest that fits says only that
the file was not broken where the signature looks.
"""

from __future__ import annotations

import io
import re

from pyhanko.sign.general import byte_range_digest

from core.errors import Malformed
from signing.documents.validation.coverage import (
    BadByteRange,
    ByteRange,
    Truncated,
    read_byte_range,
)
from signing.documents.validation.indications import Integrity, SubIndication
from signing.documents.validation.report import SignatureReport
from signing.documents.validation.signed_message import (
    DATA,
    SignedMessage,
    check_mathematics,
    der_length,
    read_messages,
    read_signed_data,
)

_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*((?:\d{1,12}\s+){3}\d{1,12})\s*\]")
_CHUNK = 1 << 20
_OVERLAP = 256


def salvage(stream: io.BufferedReader, reason: str, *, at_most: int) -> list[SignatureReport]:
    """Return a report for each range of signed octets that a broken PDF states."""
    size = stream.seek(0, io.SEEK_END)
    return [_report(stream, one, size, reason) for one in _ranges(stream, size)[:at_most]]


def _ranges(stream: io.BufferedReader, size: int) -> list[tuple[int, ...]]:
    found: dict[tuple[int, ...], None] = {}
    for position in range(0, size, _CHUNK):
        stream.seek(max(0, position - _OVERLAP))
        for match in _BYTE_RANGE.finditer(stream.read(_CHUNK + _OVERLAP)):
            found[tuple(int(one) for one in match.group(1).split())] = None
    return list(found)


def _report(
    stream: io.BufferedReader, numbers: tuple[int, ...], size: int, reason: str
) -> SignatureReport:
    try:
        span = read_byte_range(numbers, size)
        message = _message(stream, span)
    except Truncated as error:
        return _failed(Integrity.ALTERED, SubIndication.HASH_FAILURE, str(error), None)
    except (BadByteRange, Malformed, ValueError):
        return _failed(Integrity.NOT_COVERED, SubIndication.FORMAT_FAILURE, reason, None)
    mathematics = check_mathematics(
        message, lambda name: byte_range_digest(stream, span.as_list(), name)[1]
    )
    if mathematics.integrity is Integrity.INTACT:
        # What is signed fits; what else the file shows, and to whom, cannot be said.
        return _failed(Integrity.NOT_COVERED, SubIndication.GENERIC, reason, message)
    return _failed(
        mathematics.integrity,
        mathematics.problem or SubIndication.FORMAT_FAILURE,
        mathematics.reason or reason,
        message,
    )


def _message(stream: io.BufferedReader, span: ByteRange) -> SignedMessage:
    stream.seek(span.gap_start)
    gap = stream.read(span.gap_end - span.gap_start)
    contents = bytes.fromhex(gap.strip(b"<>").decode("ascii"))
    messages = read_messages(read_signed_data(contents[: der_length(contents)]))
    if len(messages) != 1 or messages[0].content_type != DATA:
        raise BadByteRange("What stands there is not the signature of one signer.")
    return messages[0]


def _failed(
    integrity: Integrity, problem: SubIndication, reason: str, message: SignedMessage | None
) -> SignatureReport:
    return SignatureReport(
        format="PAdES",
        message=message,
        verdict=problem.verdict,
        sub_indication=problem,
        reason=reason,
        integrity=integrity,
        integrity_reason=reason,
    )
