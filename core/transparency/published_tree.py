"""Reading a published tree from its tiles and entry bundles, nothing trusted but its root."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path, PurePosixPath
from threading import Lock

from core.errors import Malformed
from core.transparency.checkpoint import TreeHead
from core.transparency.errors import LogDamaged, LogUnavailable, NoSuchEntry, NotProven
from core.transparency.merkle import hash_leaf, perfect_root, split_hashes, tree_root
from core.transparency.merkle_proofs import inclusion_proof, verify_inclusion
from core.transparency.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    bundle_path,
    decode_bundle,
    partial_folder,
    tile_octets,
    tile_path,
    width_at,
)

# Tiles kept in memory while proofs are made: 64 of 8 kB.
_CACHED_TILES = 64


class PublishedTree:
    """The tiles of one tree head, as a NodeReader, and its entries.

    ``node`` and ``tile`` give what the files say; ``check_root``, ``entry`` and ``entries``
    check it against ``head``, which the caller took from a verified checkpoint.
    """

    def __init__(self, folder: Path, head: TreeHead) -> None:
        self._folder = folder
        self.head = head
        self._tiles: OrderedDict[tuple[int, int], list[bytes]] = OrderedDict()
        self._lock = Lock()

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a perfect subtree, from the tile that has it. Raises LogDamaged."""
        tile_level, rise = divmod(level, TILE_HEIGHT)
        tile, at = divmod(index << rise, TILE_WIDTH)
        return perfect_root(self.tile(tile_level, tile)[at : at + (1 << rise)])

    def tile(self, level: int, index: int) -> list[bytes]:
        """Return the hashes of a tile, as wide as this tree has it. Raises LogDamaged."""
        with self._lock:
            if (level, index) in self._tiles:
                self._tiles.move_to_end((level, index))
                return self._tiles[level, index]
        width = width_at(self.head.size, level, index)
        path = tile_path(level, index, width)
        octets = self._read(path, tile_path(level, index))[: tile_octets(width)]
        if len(octets) != tile_octets(width):
            raise LogDamaged(f"The published tile {path} is too short.")
        hashes = split_hashes(octets)
        with self._lock:
            self._tiles[level, index] = hashes
            if len(self._tiles) > _CACHED_TILES:
                self._tiles.popitem(last=False)
        return hashes

    def check_root(self) -> None:
        """Check that the right-most tiles lead to the head's root. Raises LogDamaged."""
        if tree_root(self, self.head.size) != self.head.root:
            raise LogDamaged("The published tiles do not lead to the published root hash.")

    def check_tile(self, index: int) -> None:
        """Check that every hash of a tile of level 0 leads to the root. Raises LogDamaged."""
        # The last leaf's path is computed from all other hashes of its tile.
        last = min(self.head.size, (index + 1) * TILE_WIDTH) - 1
        leaf = self.tile(0, index)[last % TILE_WIDTH]
        path = inclusion_proof(self, last, self.head.size)
        try:
            verify_inclusion(leaf, last, self.head.size, path, self.head.root)
        except NotProven as error:
            raise LogDamaged(f"{tile_path(0, index)} does not lead to the root hash.") from error

    def entry(self, index: int) -> bytes:
        """Return the one entry at ``index``. Raises NoSuchEntry, LogDamaged."""
        if not 0 <= index < self.head.size:
            raise NoSuchEntry(f"The log has {self.head.size} entries; there is no entry {index}.")
        return self.checked_bundle(index // TILE_WIDTH)[index % TILE_WIDTH]

    def entries(self, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Yield (index, entry) from ``start`` on. Raises LogDamaged before anything is wrong."""
        for number in range(start // TILE_WIDTH, -(-self.head.size // TILE_WIDTH)):
            for at, entry in enumerate(self.checked_bundle(number), number * TILE_WIDTH):
                if at >= start:
                    yield at, entry

    def checked_bundle(self, index: int) -> list[bytes]:
        """Return a bundle's entries, each proven to be under the root. Raises LogDamaged."""
        entries = self._bundle(index)
        if [hash_leaf(entry) for entry in entries] != self.tile(0, index):
            raise LogDamaged(f"The entries in {bundle_path(index)} are not those that were hashed.")
        self.check_tile(index)
        return entries

    def _bundle(self, index: int) -> list[bytes]:
        width = width_at(self.head.size, 0, index)
        path = bundle_path(index, width)
        try:
            entries = decode_bundle(self._read(path, bundle_path(index)))[:width]
        except Malformed as error:
            raise LogDamaged(f"{path}: {error.detail}") from error
        if len(entries) != width:
            raise LogDamaged(f"The published entry bundle {path} is too short.")
        return entries

    def _read(self, path: PurePosixPath, full: PurePosixPath) -> bytes:
        try:
            # The width that this tree asks for, the full one that may have replaced it, or
            # another partial one: where a folder was rebuilt, wider ones begin alike.
            for candidate in chain((path, full), self._partials(full)):
                try:
                    return (self._folder / candidate).read_bytes()
                except FileNotFoundError:
                    continue
        except OSError as error:
            raise LogUnavailable(f"The published log cannot be read: {error.strerror}.") from error
        raise LogDamaged(f"The published file {path} is missing.")

    def _partials(self, full: PurePosixPath) -> Iterator[Path]:
        folder = self._folder / partial_folder(full)
        if folder.is_dir():
            yield from sorted(folder.glob("[0-9]*"), key=lambda path: -int(path.name))
