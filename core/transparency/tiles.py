"""The file layout of a published log (c2sp.org/tlog-tiles): tiles of hashes, bundles of entries.

A tile holds up to 256 consecutive hashes of one level; a level is eight levels of the tree.
An entry bundle holds the entries whose leaf hashes are in the tile of level 0 beside it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import PurePosixPath

from core.transparency.errors import EntryTooLarge, NoteMalformed
from core.transparency.merkle import HASH_OCTETS

TILE_WIDTH = 256
TILE_HEIGHT = 8  # 2**8 = TILE_WIDTH
# tlog-tiles, Log entries: each entry has a big-endian uint16 length before it.
MAX_ENTRY_OCTETS = 0xFFFF

CHECKPOINT = "checkpoint"


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> PurePosixPath:
    """Return ``tile/<L>/<N>[.p/<W>]``, relative to the log's prefix."""
    return PurePosixPath(f"tile/{level}/{_numbered(index, width)}")


def bundle_path(index: int, width: int = TILE_WIDTH) -> PurePosixPath:
    """Return ``tile/entries/<N>[.p/<W>]``, relative to the log's prefix."""
    return PurePosixPath(f"tile/entries/{_numbered(index, width)}")


def partial_folder(full: PurePosixPath) -> PurePosixPath:
    """Return the folder of the partial tiles or bundles that precede a full one."""
    return full.with_name(full.name + ".p")


def tile_count(size: int, level: int) -> int:
    """Return how many hashes a tree of ``size`` entries has at a tile level."""
    return size >> (TILE_HEIGHT * level)


def width_at(size: int, level: int, index: int) -> int:
    """Return how many hashes tile ``index`` of ``level`` has in a tree of ``size`` entries.

    Zero when the tree does not reach it.
    """
    return max(0, min(TILE_WIDTH, tile_count(size, level) - index * TILE_WIDTH))


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Put entries one after the other, each behind its length. Raises EntryTooLarge."""
    parts: list[bytes] = []
    for entry in entries:
        check_entry_size(entry)
        parts += (struct.pack(">H", len(entry)), entry)
    return b"".join(parts)


def decode_bundle(octets: bytes) -> list[bytes]:
    """Read what :func:`encode_bundle` wrote. Raises NoteMalformed."""
    entries, at = [], 0
    while at < len(octets):
        end = at + 2 + int.from_bytes(octets[at : at + 2], "big")
        if at + 2 > len(octets) or end > len(octets):
            raise NoteMalformed("The entry bundle ends within an entry.")
        entries.append(octets[at + 2 : end])
        at = end
    if len(entries) > TILE_WIDTH:
        raise NoteMalformed(f"An entry bundle has at most {TILE_WIDTH} entries.")
    return entries


def check_entry_size(entry: bytes) -> None:
    """Refuse an entry that no bundle can carry. Raises EntryTooLarge."""
    if len(entry) > MAX_ENTRY_OCTETS:
        raise EntryTooLarge(
            f"A log entry has at most {MAX_ENTRY_OCTETS} octets; this one has {len(entry)}.",
            kept="Nothing was written.",
        )


def tile_octets(width: int) -> int:
    """Return the length of a tile of ``width`` hashes."""
    return width * HASH_OCTETS


def _numbered(index: int, width: int) -> str:
    # 1234067 becomes x001/x234/067: three digits an element, all but the last after an x.
    digits = [f"{index % 1000:03d}"]
    while index := index // 1000:
        digits.append(f"x{index % 1000:03d}")
    name = "/".join(reversed(digits))
    return name if width == TILE_WIDTH else f"{name}.p/{width}"
