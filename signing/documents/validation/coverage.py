"""Which octets of a PDF a signature covers (ISO 32000-2, Section 12.8.1).

Every octet from the first to the end of the signed revision has to be covered, but for the one
hexadecimal string that is the signature itself. What follows the signed revision has to consist of
whole incremental updates that the strict reader has seen: otherwise a lenient program may show
what we did not look at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyhanko.pdf_utils.xref import ObjStreamRef
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from signing.documents.validation.opening import OpenedPdf
from signing.documents.validation.signed_message import der_length

_CHUNK = 1 << 20
# The head of an indirect object as a lenient reader looks for it.
_OBJECT_HEAD = re.compile(
    rb"(?<![0-9])([0-9]{1,10})[\x00\t\n\f\r ]+([0-9]{1,5})[\x00\t\n\f\r ]+obj\b"
)
_LONGEST_HEAD = 64
_WHITE = b"\x00\t\n\f\r "


class BadByteRange(Exception):  # noqa: N818 - turned into a finding by its only caller
    """Why the range of octets is none that a signature may have."""


class Truncated(BadByteRange):
    """The range reaches beyond the file: a part that was signed is gone."""


@dataclass(frozen=True)
class ByteRange:
    """The two covered ranges: ``[0, gap_start)`` and ``[gap_end, end)``."""

    gap_start: int
    gap_end: int
    end: int

    def as_list(self) -> list[int]:
        """Return the four numbers that the PDF states."""
        return [0, self.gap_start, self.gap_end, self.end - self.gap_end]


def read_byte_range(raw: Sequence[object], size: int) -> ByteRange:
    """Read ``/ByteRange``. Raises BadByteRange, Truncated.

    Exactly two ranges: from the first octet to the signature, and from its end on. ISO 32000 lets
    a range be any, and each attack that moves a signature needs that.
    """
    if not isinstance(raw, list | tuple) or len(raw) != 4:
        raise BadByteRange("The range of signed octets does not have two parts.")
    numbers = [one for one in raw if isinstance(one, int) and not isinstance(one, bool)]
    if len(numbers) != 4 or min(numbers) < 0:
        raise BadByteRange("The range of signed octets is not made of numbers.")
    start, length, second, rest = (int(one) for one in numbers)
    if start != 0:
        raise BadByteRange("The signature does not cover the beginning of the file.")
    if second < length + 2:
        raise BadByteRange("The parts that are signed overlap.")
    if second + rest > size:
        raise Truncated("The file ends before that which was signed does.")
    return ByteRange(length, second, second + rest)


def check_gap(document: OpenedPdf, span: ByteRange, contents: bytes) -> None:
    """Check that nothing but this very signature is left out. Raises BadByteRange."""
    document.stream.seek(span.gap_start)
    gap = document.stream.read(span.gap_end - span.gap_start)
    if gap[:1] != b"<" or gap[-1:] != b">":
        raise BadByteRange("Besides the signature, other parts of the file are not signed.")
    try:
        octets = bytes.fromhex(gap[1:-1].decode("ascii"))
    except ValueError as error:
        raise BadByteRange("The place of the signature holds something else.") from error
    # fromhex() skips white space; a string that was written in one piece has none.
    if len(octets) * 2 != len(gap) - 2 or octets != contents:
        raise BadByteRange("The signature that is left out is not the one that is checked.")
    if contents[der_length(contents) :].strip(b"\x00"):
        raise BadByteRange("Behind the signature, data is hidden in its place.")


def check_revision_is_whole(signature: EmbeddedPdfSignature) -> None:
    """Check that the signed revision lies wholly within the range. Raises BadByteRange."""
    if signature.evaluate_signature_coverage() < SignatureCoverageLevel.ENTIRE_REVISION:
        raise BadByteRange(
            "The signature covers a part of the document only, or belongs to another version of it."
        )


def check_rest(document: OpenedPdf, end: int) -> None:
    """Check that what lies behind ``end`` belongs to updates that were read.

    Raises BadByteRange.
    """
    if end == document.size:
        return
    known = _object_offsets(document, end)
    for offset in _object_heads(document, end):
        document.deadline.check()
        if offset not in known:
            raise BadByteRange(
                "Behind the signed part lie objects that no cross-reference table names; some "
                "programs show them all the same."
            )
    _check_ending(document)


def _object_offsets(document: OpenedPdf, end: int) -> set[int]:
    xrefs = document.reader.xrefs
    offsets: set[int] = set()
    for revision in range(xrefs.total_revisions):
        for reference in xrefs.explicit_refs_in_revision(revision):
            where = xrefs.get_historical_ref(reference, revision)
            if isinstance(where, int) and not isinstance(where, ObjStreamRef) and where >= end:
                offsets.add(where)
        container = xrefs.get_xref_container_info(revision)
        if container.stream_ref is not None:
            offsets.add(container.start_location)
    return offsets


def _object_heads(document: OpenedPdf, end: int) -> Iterator[int]:
    position, carried = end, b""
    while position < document.size:
        document.stream.seek(position)
        chunk = document.stream.read(_CHUNK)
        if not chunk:
            return
        window, base = carried + chunk, position - len(carried)
        for found in _OBJECT_HEAD.finditer(window):
            # A head that was cut at the window's beginning stood whole in the window before.
            if found.start() > 0 or not carried:
                yield base + found.start()
        position += len(chunk)
        carried = window[-_LONGEST_HEAD:]


def _check_ending(document: OpenedPdf) -> None:
    start = max(0, document.size - _CHUNK)
    document.stream.seek(start)
    ending = document.stream.read()
    if ending[ending.rfind(b"%%EOF") + 5 :].strip(_WHITE) or b"%%EOF" not in ending:
        raise BadByteRange("Something was written behind the end of the document.")
