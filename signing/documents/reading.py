"""Open a stranger's PDF: within bounds, and with a reason where it cannot be signed.

The parser is pyHanko's. Whatever it makes of hostile octets, nothing leaves this module's
:func:`reading` but a refusal, and an OSError where the disk fails.
"""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from pyhanko.pdf_utils.crypt import StandardSecurityHandler
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfDecodeLimitError, PdfError

from core.errors import CamtrustError
from signing.documents.deadline import DeadlinePassed, deadline
from signing.documents.errors import (
    UNHARMED,
    PdfBroken,
    PdfEncryptionUnknown,
    PdfExpandsTooFar,
    PdfTooSlow,
)
from signing.documents.strict_pdf import read_strictly, unlock

# ISO 32000-2, Section 7.5.2, and the 1,024 octets before the header that readers tolerate
# (ISO 32000-1, Annex H, implementation note 13) are of no use to a signer: offsets would differ.
_HEADER = b"%PDF-"

# What a parser raises over octets that nobody foresaw.
_STUMBLES = (
    PdfError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    RuntimeError,  # of a stream filter that pyHanko does not know, and of what nests without end
    TypeError,
    ValueError,
    zlib.error,
)


@contextmanager
def reading(seconds: float) -> Iterator[None]:
    """Read or write structure of a stranger's PDF. Raises a refusal, or what the disk raises."""
    try:
        with deadline(seconds):
            yield
    except CamtrustError:
        raise
    except DeadlinePassed as passed:
        raise PdfTooSlow(
            f"The structure of this PDF takes more than {seconds:g} seconds to read. Print it to "
            "a new PDF and sign that.",
            kept=UNHARMED,
        ) from passed
    except (PdfDecodeLimitError, MemoryError) as error:
        raise PdfExpandsTooFar(
            "A compressed part of this PDF unfolds to more than a document holds.", kept=UNHARMED
        ) from error
    except _STUMBLES as error:
        raise _broken(error) from error
    except OSError as error:
        # lseek(2) refuses places that no file has; everything else is the disk's fault.
        if error.errno != errno.EINVAL:
            raise
        raise _broken(error) from error


def _broken(error: BaseException) -> PdfBroken:
    return PdfBroken(
        f"The PDF cannot be read: {_words(error)} Open it in a PDF program, save it as a new "
        "file and sign that.",
        kept=UNHARMED,
    )


def _words(error: BaseException) -> str:
    # A library's own sentence helps, a bare exception's does not.
    text = str(error).strip().rstrip(".") if isinstance(error, PdfError) else ""
    return f"{text[:200]}." if text else "its structure contradicts itself."


def open_pdf(stream: BinaryIO, password: str | None) -> IncrementalPdfFileWriter:
    """Return what appends a revision to the PDF in ``stream``; call within :func:`reading`.

    Raises PdfBroken, PdfHybrid, PdfPasswordMissing, PdfPasswordWrong, PdfEncryptionUnknown, and
    what the parser raises.
    """
    stream.seek(0)
    if stream.read(len(_HEADER)) != _HEADER:
        raise PdfBroken("The file does not begin as a PDF does.", kept=UNHARMED)
    stream.seek(0, os.SEEK_END)
    reader = read_strictly(stream)
    handler = unlock(reader, password)
    if isinstance(handler, StandardSecurityHandler) and handler.pdf_mac_enabled:
        raise PdfEncryptionUnknown(
            "The PDF carries an integrity code that a signature would break. Save it unencrypted "
            "and sign that.",
            kept=UNHARMED,
        )
    writer = IncrementalPdfFileWriter.from_reader(reader)
    if handler is not None:
        writer.encrypt(password or "")
    return writer


def pages_of(writer: IncrementalPdfFileWriter) -> Iterator[Any]:
    """Yield the pages in their order. Raises PdfBroken where the tree leads back to itself."""
    root = writer.root.raw_get("/Pages")
    seen, waiting = {root.reference}, [root]
    while waiting:
        reference = waiting.pop()
        node = reference.get_object()
        if reference is not root and node["/Type"] != "/Pages":
            yield node
            continue
        for kid in reversed(node["/Kids"]):
            if kid.reference in seen:
                raise PdfBroken("A page of the PDF leads back to an earlier one.", kept=UNHARMED)
            seen.add(kid.reference)
            waiting.append(kid)


def check_pages(writer: IncrementalPdfFileWriter) -> None:
    """Walk the whole page tree: validators do, and one that leads back to itself has no end."""
    for _ in pages_of(writer):
        pass
