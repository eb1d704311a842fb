"""A PDF opened strictly, whoever wants to sign or to validate it.

What only lenient readers can read, or what two programs read differently, is not read at all: a
signature on it would be valid for some alone.
"""

from __future__ import annotations

from typing import BinaryIO, cast

from pyhanko.pdf_utils.crypt import AuthStatus, SecurityHandler, StandardSecurityHandler
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.documents.errors import (
    UNHARMED,
    PdfEncryptionUnknown,
    PdfHybrid,
    PdfPasswordMissing,
    PdfPasswordWrong,
)


def read_strictly(stream: BinaryIO) -> PdfFileReader:
    """Return a reader of a PDF. Raises PdfHybrid, and what the parser raises."""
    reader = PdfFileReader(stream, strict=True)
    if reader.xrefs.hybrid_xrefs_present:
        raise PdfHybrid(
            "The PDF has two cross-reference tables, so that old and new programs may show "
            "different contents under one signature. Save it anew without compatibility with "
            "PDF 1.4.",
            kept=UNHARMED,
        )
    return reader


def unlock(reader: PdfFileReader, password: str | None) -> SecurityHandler | None:
    """Open an encrypted PDF, and return how it is encrypted; None for one that is not.

    Many are encrypted with the empty password, to carry restrictions only. Raises
    PdfPasswordMissing, PdfPasswordWrong, PdfEncryptionUnknown.
    """
    handler = cast("SecurityHandler | None", reader.security_handler)
    if handler is None:
        return None
    if not isinstance(handler, StandardSecurityHandler):
        raise _unknown()
    try:
        status = reader.decrypt(password or "").status
    except PdfError as error:
        raise _unknown() from error
    if status is AuthStatus.FAILED:
        if password is None:
            raise PdfPasswordMissing("The PDF is encrypted: give its password.", kept=UNHARMED)
        raise PdfPasswordWrong("This password does not open the PDF.", kept=UNHARMED)
    return handler


def _unknown() -> PdfEncryptionUnknown:
    return PdfEncryptionUnknown(
        "The PDF is encrypted for certain recipients, or in a way that is not read here. Save it "
        "unencrypted.",
        kept=UNHARMED,
    )
