"""A PDF is opened strictly: what two programs may read in two ways is not read at all."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from core.errors import CamtrustError
from core.event_log import where_raised
from signing.documents.strict_pdf import read_strictly, unlock
from signing.documents.validation.bounds import Bounds, Deadline
from signing.documents.validation.errors import DocumentUnreadable

UNCHANGED = "Nothing was stored, and the file is unchanged."
# ISO 32000-1, Annex H note: readers look for the header in the first 1,024 octets.
_HEADER_WITHIN = 1024


@dataclass(frozen=True)
class OpenedPdf:
    """A PDF that was read strictly and is within the bounds."""

    reader: PdfFileReader
    stream: io.BufferedReader
    size: int
    bounds: Bounds
    deadline: Deadline


def entry(dictionary: generic.DictionaryObject, key: str, default: Any = None) -> Any:
    """Return what stands under a key, followed to the object that it refers to."""
    # pyHanko's own get() does not follow references.
    if key not in dictionary:
        return default
    return dictionary[key]


def looks_like_pdf(stream: io.BufferedReader) -> bool:
    """Tell whether a PDF's header stands where readers look for it."""
    stream.seek(0)
    start = stream.read(_HEADER_WITHIN)
    stream.seek(0)
    return b"%PDF-" in start


@contextmanager
def guarded(what: str) -> Iterator[None]:
    """Turn whatever a parser raises on a stranger's octets into DocumentUnreadable.

    Parsers of PDF and ASN.1 raise whatever comes (KeyError, AssertionError, RecursionError); the
    refusals that are ours pass through. What was raised, and where, is logged: a fault of our own
    would look the same.
    """
    try:
        yield
    except CamtrustError:
        raise
    except Exception as error:
        # The event log keeps of an exception its type and frames, and no word of a document.
        structlog.get_logger().info("document-part-unreadable", part=what, **where_raised(error))
        raise DocumentUnreadable(
            f"The {what} cannot be read: {type(error).__name__}.", kept=UNCHANGED
        ) from error


def open_pdf(
    stream: io.BufferedReader, *, bounds: Bounds, deadline: Deadline, password: str | None = None
) -> OpenedPdf:
    """Open a PDF.

    Raises DocumentUnreadable, DocumentOverBounds, and what ``strict_pdf`` refuses.
    """
    with guarded("PDF"):
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        try:
            reader = read_strictly(stream)
        except PdfError as error:
            raise DocumentUnreadable(
                f"The PDF breaks the rules of its format: {error}", kept=UNCHANGED
            ) from error
        _check_counts(reader, bounds)
        unlock(reader, password)
        _ = reader.root
    return OpenedPdf(reader, stream, size, bounds, deadline)


def _check_counts(reader: PdfFileReader, bounds: Bounds) -> None:
    revisions = reader.xrefs.total_revisions
    bounds.check_count("revisions", revisions, bounds.revisions)
    objects = 0
    for revision in range(revisions):
        objects += len(reader.xrefs.explicit_refs_in_revision(revision))
        bounds.check_count("objects", objects, bounds.objects)
