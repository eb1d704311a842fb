"""Whether what a signature in a PDF covers is intact: octets and mathematics, without trust.

1. The range of octets begins with the file and leaves out nothing but this signature.
2. The digest over it and the signature value fit.
3. The whole signed revision is covered, and behind it lie only updates that were read.
4. Each later revision changes only what the signature permits.

Steps 1 and 2 decide between ALTERED and the rest: a digest that does not fit is ALTERED whatever
else is wrong; a range, a revision or a change that is not as it should be is NOT_COVERED.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyhanko.sign.general import byte_range_digest
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signing.documents.validation.changes import (
    Change,
    ForbiddenChange,
    Permissions,
    changes_after,
    read_permissions,
)
from signing.documents.validation.coverage import (
    BadByteRange,
    ByteRange,
    Truncated,
    check_gap,
    check_rest,
    check_revision_is_whole,
    read_byte_range,
)
from signing.documents.validation.errors import DocumentUnreadable
from signing.documents.validation.indications import Integrity, SubIndication
from signing.documents.validation.opening import OpenedPdf, guarded
from signing.documents.validation.signed_message import Mathematics


@dataclass(frozen=True)
class IntegrityFinding:
    """The integrity of one signature, with the reason where it is not INTACT.

    ``problem`` is None exactly for INTACT; NOT_COVERED comes with FORMAT_FAILURE: the standard has
    no word for a document that says more than was signed (ETSI EN 319 102-1, Section 5.2.2).
    """

    integrity: Integrity
    problem: SubIndication | None = None
    reason: str | None = None
    permissions: Permissions | None = None
    changes: tuple[Change, ...] = ()
    covers_whole_file: bool = False


# Does the mathematics, given a function that digests what is covered.
Check = Callable[[Callable[[str], bytes]], Mathematics]


def find_integrity(
    document: OpenedPdf, signature: EmbeddedPdfSignature, contents: bytes, check: Check
) -> IntegrityFinding:
    """Judge one signature. ``check`` does the mathematics, given a function that digests."""
    try:
        span = read_byte_range(signature.byte_range, document.size)
    except Truncated as error:
        return IntegrityFinding(Integrity.ALTERED, SubIndication.HASH_FAILURE, str(error))
    except BadByteRange as error:
        return _not_covered(str(error))
    mathematics = check(lambda algorithm: _digest(document, span, algorithm))
    if mathematics.integrity is not Integrity.INTACT:
        return IntegrityFinding(mathematics.integrity, mathematics.problem, mathematics.reason)
    try:
        with guarded("part that was signed"), document.deadline.interrupts():
            return _find_coverage(document, signature, span, contents)
    except DocumentUnreadable as error:
        return _not_covered(error.detail)


def _find_coverage(
    document: OpenedPdf, signature: EmbeddedPdfSignature, span: ByteRange, contents: bytes
) -> IntegrityFinding:
    try:
        check_gap(document, span, contents)
        check_revision_is_whole(signature)
        check_rest(document, span.end)
    except BadByteRange as error:
        return _not_covered(str(error))
    permissions = read_permissions(signature)
    try:
        changes = changes_after(document, signature, permissions)
    except ForbiddenChange as error:
        return _not_covered(str(error), permissions)
    return IntegrityFinding(
        Integrity.INTACT,
        permissions=permissions,
        changes=tuple(changes),
        covers_whole_file=span.end == document.size,
    )


def _digest(document: OpenedPdf, span: ByteRange, algorithm: str) -> bytes:
    _, digest = byte_range_digest(document.stream, span.as_list(), algorithm)
    return digest


def _not_covered(reason: str, permissions: Permissions | None = None) -> IntegrityFinding:
    return IntegrityFinding(
        Integrity.NOT_COVERED, SubIndication.FORMAT_FAILURE, reason, permissions
    )
