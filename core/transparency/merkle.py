"""The Merkle tree of RFC 9162, Section 2.1 (the same as RFC 6962's), with SHA-256.

Pure functions and values: no database, no files. A :class:`CompactRange` is all that has to be
kept in order to append; a :class:`NodeReader` is all that has to be at hand in order to prove.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

HASH_OCTETS = 32
# RFC 9162, Section 2.1.1: the hash of an empty list is the hash of an empty string.
EMPTY_ROOT = sha256(b"").digest()


def hash_leaf(entry: bytes) -> bytes:
    """Return the leaf hash of an entry: SHA-256(0x00 || entry). RFC 9162, Section 2.1.1."""
    return sha256(b"\x00" + entry).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class CompactRange:
    """The right edge of a tree: the roots of the largest perfect subtrees that make it up.

    ``hashes`` has one hash for each bit set in ``size``, the largest subtree first: at most 63
    hashes, whatever the size.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    @classmethod
    def decode(cls, size: int, octets: bytes) -> CompactRange:
        """Read what :meth:`encode` wrote. Raises ValueError when it does not fit ``size``."""
        if len(octets) != HASH_OCTETS * size.bit_count():
            raise ValueError(f"{len(octets)} octets are no right edge of a tree of {size} entries")
        return cls(size, tuple(split_hashes(octets)))

    def encode(self) -> bytes:
        """Return the hashes, one after the other."""
        return b"".join(self.hashes)

    def extend(self, leaf_hashes: Iterable[bytes]) -> CompactRange:
        """Return the right edge after appending leaves, in amortised constant time each."""
        size, stack = self.size, list(self.hashes)
        for node in leaf_hashes:
            # Each trailing one of the size is a subtree that now has its right-hand sibling.
            carry = size
            while carry & 1:
                node = sha256(b"\x01" + stack.pop() + node).digest()
                carry >>= 1
            stack.append(node)
            size += 1
        return CompactRange(size, tuple(stack))

    def root(self) -> bytes:
        """Return the Merkle tree hash, 32 octets."""
        return _fold(self.hashes)


class NodeReader(Protocol):
    """Gives the hashes of perfect subtrees."""

    def node(self, level: int, index: int) -> bytes:
        """Return the hash over the entries ``[index << level, (index + 1) << level)``."""


class LeafHashes:
    """A :class:`NodeReader` over leaf hashes in memory; for trees that fit there."""

    def __init__(self, hashes: Sequence[bytes]) -> None:
        self._hashes = hashes

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a perfect subtree."""
        return perfect_root(self._hashes[index << level : (index + 1) << level])


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over 2**n hashes."""
    row = list(hashes)
    while len(row) > 1:
        row = [
            sha256(b"\x01" + row[at] + row[at + 1]).digest()  # hash_children, in line
            for at in range(0, len(row), 2)
        ]
    return row[0]


def split_hashes(octets: bytes) -> list[bytes]:
    """Cut a concatenation into hashes of 32 octets."""
    return [octets[at : at + HASH_OCTETS] for at in range(0, len(octets), HASH_OCTETS)]


def tree_root(nodes: NodeReader, size: int) -> bytes:
    """Return the Merkle tree hash of the first ``size`` entries."""
    return subtree_root(nodes, 0, size)


def subtree_root(nodes: NodeReader, start: int, end: int) -> bytes:
    """Return the Merkle tree hash of the entries ``[start, end)``.

    ``start`` is a multiple of a power of two that is no less than ``end - start``.
    """
    hashes = []
    while start < end:
        level = (end - start).bit_length() - 1
        hashes.append(nodes.node(level, start >> level))
        start += 1 << level
    return _fold(hashes)


def _fold(hashes: Sequence[bytes]) -> bytes:
    if not hashes:
        return EMPTY_ROOT
    computed = hashes[-1]
    for left in reversed(hashes[:-1]):
        computed = hash_children(left, computed)
    return computed
