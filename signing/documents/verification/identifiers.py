"""Identifiers of documents: 128 random bits, written as 26 letters and digits.

RFC 4648, Section 6 (base32), upper case and without padding: QR codes hold such text in 5.5 bits a
character, people type it in either case, and it has no 0, 1, 8 or 9 to be taken for letters.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass

from signing.documents.verification.errors import DocumentUnknown

OCTETS = 16
CHARACTERS = 26


def to_base32(octets: bytes) -> str:
    """Return octets as base32 without padding."""
    return base64.b32encode(octets).rstrip(b"=").decode("ascii")


def from_base32(text: str) -> bytes:
    """Read what :func:`to_base32` wrote, in that one spelling. Raises ValueError."""
    try:
        octets = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error as error:
        raise ValueError("not base32") from error
    # Bits beyond the last octet: one value, one spelling.
    if to_base32(octets) != text:
        raise ValueError("not base32 in its one spelling")
    return octets


@dataclass(frozen=True)
class DocumentId:
    """The name of a registered document. Whoever knows it may see its page."""

    octets: bytes

    @classmethod
    def new(cls) -> DocumentId:
        """Return an identifier that nobody can guess."""
        return cls(secrets.token_bytes(OCTETS))

    @classmethod
    def parse(cls, text: str) -> DocumentId:
        """Read an identifier as people type it. Raises DocumentUnknown."""
        try:
            octets = from_base32(text.upper()) if len(text) == CHARACTERS else b""
        except ValueError:
            octets = b""
        if len(octets) != OCTETS:
            raise DocumentUnknown(
                "This is no identifier of a document: it has 26 letters and digits, as they stand "
                "under the square code of a stamp. Scan the code again, or type all of them."
            )
        return cls(octets)

    def __str__(self) -> str:
        return to_base32(self.octets)
