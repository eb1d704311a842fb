"""base64url without padding, read strictly (RFC 7515, Section 2; RFC 8555, Section 6.1)."""

from __future__ import annotations

import base64
import re

from enrollment.acme.errors import JwsMalformed

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")


def encode(value: bytes) -> str:
    """Return the octets in base64url."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def decode(text: object) -> bytes:
    """Return the octets. Raises JwsMalformed for padding, foreign characters and stray bits."""
    if not isinstance(text, str) or not _ALPHABET.fullmatch(text) or len(text) % 4 == 1:
        raise JwsMalformed("A member is not base64url without padding.")
    value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    # One value has one text: otherwise a nonce or a kid could come twice in two spellings.
    if encode(value) != text:
        raise JwsMalformed("A member is base64url with stray bits.")
    return value
