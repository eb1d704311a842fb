"""What a client asks, out of a WSGI request: RFC 6960, Appendix A.1."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from ocsp.media_types import REQUEST_TYPE

# What cannot be decoded is malformed, which the responder says of no octets at all.
NOTHING = b""


def decode_path(encoded: str, largest: int) -> bytes:
    """Return the request that a GET's path carries behind ``/ocsp/``; no octets for none.

    ``encoded`` was unquoted once, as WSGI has it. Clients quote all, some or nothing of base64, or
    quote twice, leave padding out, or put one more slash before it. A plus sign that came unquoted
    is one in a path (RFC 3986), but proxies make it a space.
    """
    if len(encoded) > 2 * largest:
        return NOTHING
    try:
        octets = encoded.encode("latin-1")
    except UnicodeEncodeError:
        return NOTHING
    # A request begins with the octet 0x30, in base64 with M: slashes before it are not its own.
    text = unquote_to_bytes(octets).replace(b" ", b"+").lstrip(b"/")
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return NOTHING


def is_request_type(content_type: str | None) -> bool:
    """Tell whether a Content-Type is that of an OCSP request, with or without parameters."""
    return (content_type or "").partition(";")[0].strip().lower() == REQUEST_TYPE


def read_body(environ: Mapping[str, Any], largest: int) -> bytes:
    """Return the body of a POST, and of one that is too large no more than shows it."""
    said = environ.get("CONTENT_LENGTH")
    most = largest + 1
    if said:
        if not said.isdecimal():
            return NOTHING
        most = min(int(said), most)
    elif not environ.get("wsgi.input_terminated"):
        # Chunked, from a server that does not say where the body ends (PEP 3333).
        return NOTHING
    body: bytes = environ["wsgi.input"].read(most)
    return body
