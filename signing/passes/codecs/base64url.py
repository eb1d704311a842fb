"""Base64 with the URL alphabet (RFC 4648, Section 5), read strictly."""

from __future__ import annotations

import base64
import binascii
import re

from signing.passes.errors import bad_encoding

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*={0,2}\Z")


def decode(text: str, *, what: str = "A part of the code") -> bytes:
    """Return the octets; padding may stand or be left out. Raises PassRefused."""
    if not _ALPHABET.match(text):
        raise bad_encoding(f"{what} is not base64url (RFC 4648, Section 5).")
    bare = text.rstrip("=")
    try:
        return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except (binascii.Error, ValueError) as error:
        raise bad_encoding(f"{what} is cut off in the middle of base64url.") from error


def encode(octets: bytes) -> str:
    """Return the text without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
