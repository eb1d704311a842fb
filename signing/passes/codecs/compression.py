"""Inflation with a bound: what unfolds to more is refused before it has unfolded."""

from __future__ import annotations

import zlib

from signing.passes.errors import PassRefused
from signing.passes.statuses import Status

_RAW = -zlib.MAX_WBITS


def inflate(octets: bytes, *, most: int, raw: bool = False) -> bytes:
    """Inflate a zlib stream (RFC 1950), or a bare DEFLATE stream (RFC 1951) if ``raw``.

    The stream has to end, and nothing may follow it. Raises PassRefused (INVALID_COMPRESSION).
    """
    stream = zlib.decompressobj(_RAW if raw else zlib.MAX_WBITS)
    try:
        content = stream.decompress(octets, most + 1)
    except zlib.error as error:
        raise _refused("The compressed part of the code is broken.") from error
    if len(content) > most:
        raise _refused(f"The compressed part of the code unfolds to more than {most} octets.")
    if not stream.eof:
        raise _refused("The compressed part of the code ends too early.")
    if stream.unused_data:
        raise _refused("Something follows the compressed part of the code.")
    return content


def deflate(octets: bytes, *, raw: bool = False) -> bytes:
    """Compress as :func:`inflate` reads it."""
    stream = zlib.compressobj(9, zlib.DEFLATED, _RAW if raw else zlib.MAX_WBITS)
    return stream.compress(octets) + stream.flush()


def _refused(detail: str) -> PassRefused:
    return PassRefused(Status.INVALID_COMPRESSION, detail)
