"""The array of statuses in a token status list (draft-ietf-oauth-status-list, Section 4).

Statuses lie from the least significant bits of an octet up, and are compressed by zlib.
"""

from __future__ import annotations

from collections.abc import Iterable

from signing.passes.codecs import compression
from signing.passes.errors import bad_encoding

WIDTHS = (1, 2, 4, 8)
VALID, INVALID, SUSPENDED = 0, 1, 2


def packed(revoked: Iterable[int], places: int) -> bytes:
    """Return the compressed array of one bit a place, in which ``revoked`` are INVALID."""
    octets = bytearray((places + 7) // 8)
    for index in revoked:
        octets[index >> 3] |= 1 << (index & 7)
    return compression.deflate(bytes(octets))


def unpacked(compressed: bytes, *, most: int) -> bytes:
    """Return the array. Raises PassRefused if it is broken, or has more than ``most`` octets."""
    return compression.inflate(compressed, most=most)


def status_at(octets: bytes, width: int, index: int) -> int | None:
    """Return the status at ``index`` of an array of ``width`` bits a place; None beyond its end."""
    if width not in WIDTHS:
        raise bad_encoding(f"A status list has {width} bits a place, not 1, 2, 4 or 8.")
    first = index * width
    if not 0 <= first < len(octets) * 8:
        return None
    return octets[first >> 3] >> (first & 7) & ((1 << width) - 1)
