"""Writing what is new of a tree as tiles and entry bundles, and then its checkpoint.

The order is what makes it safe to die at any moment: bundles and tiles first, synced; then the
right edge is read back and has to lead to the root; only then is anything signed and renamed
into place. Whoever comes next writes the same octets again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from core.transparency.checkpoint import Checkpoint, TreeHead
from core.transparency.durable_files import DurableWriter
from core.transparency.merkle import hash_leaf, perfect_root
from core.transparency.published_tree import PublishedTree
from core.transparency.tiles import (
    CHECKPOINT,
    TILE_WIDTH,
    bundle_path,
    encode_bundle,
    partial_folder,
    tile_count,
    tile_path,
)

# Gives the entries of ``[start, end)``, in order.
EntryReader = Callable[[int, int], Iterator[bytes]]


class TileWriter:
    """Brings a folder from one tree head to a later one. The caller holds the folder's lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer = DurableWriter()

    def write_tree(self, old: TreeHead, new: TreeHead, entries: EntryReader) -> None:
        """Write every tile and bundle that ``new`` has and ``old`` has not.

        Raises LogDamaged when what is then on disk does not lead to ``new.root``, OSError when
        it cannot be written.
        """
        added = self._write_leaves(old.size, new.size, entries)
        level = 0
        while added:
            level += 1
            added = self._write_level(level, old, tile_count(old.size, level), added)
        self._writer.settle()
        PublishedTree(self._folder, new).check_root()

    def write_checkpoint(self, checkpoint: Checkpoint, name: str = CHECKPOINT) -> None:
        """Put a checkpoint in its place. Raises OSError."""
        self._writer.write(self._folder / name, checkpoint.encode())
        self._writer.settle()

    def drop_partials(self, old_size: int, size: int) -> None:
        """Delete the partial tiles and bundles that a full one has replaced."""
        level = 0
        while last := tile_count(old_size, level):
            index = last // TILE_WIDTH
            if tile_count(size, level) >= (index + 1) * TILE_WIDTH:
                paths = [tile_path(level, index)] + ([bundle_path(index)] if level == 0 else [])
                for path in paths:
                    shutil.rmtree(self._folder / partial_folder(path), ignore_errors=True)
            level += 1

    def _write_leaves(self, old_size: int, size: int, entries: EntryReader) -> list[bytes]:
        # Returns the hashes of the tiles that became full, which are new at the level above.
        full = []
        for index in range(old_size // TILE_WIDTH, -(-size // TILE_WIDTH)):
            bundle = list(entries(index * TILE_WIDTH, min(size, (index + 1) * TILE_WIDTH)))
            hashes = [hash_leaf(entry) for entry in bundle]
            self._write(bundle_path(index, len(bundle)).as_posix(), encode_bundle(bundle))
            self._write(tile_path(0, index, len(hashes)).as_posix(), b"".join(hashes))
            if len(hashes) == TILE_WIDTH:
                full.append(perfect_root(hashes))
        return full

    def _write_level(
        self, level: int, old: TreeHead, known: int, added: list[bytes]
    ) -> list[bytes]:
        # ``added`` are the hashes from number ``known`` of this level on.
        index, within = divmod(known, TILE_WIDTH)
        before = PublishedTree(self._folder, old).tile(level, index) if within else []
        hashes, full = before + added, []
        for at in range(0, len(hashes), TILE_WIDTH):
            tile = hashes[at : at + TILE_WIDTH]
            path = tile_path(level, index + at // TILE_WIDTH, len(tile))
            self._write(path.as_posix(), b"".join(tile))
            if len(tile) == TILE_WIDTH:
                full.append(perfect_root(tile))
        return full

    def _write(self, path: str, octets: bytes) -> None:
        self._writer.write(self._folder / path, octets)
