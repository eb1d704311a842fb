"""Inclusion and consistency proofs: made as RFC 9162 defines them, verified by its steps.

Verification is pure: it needs hashes and sizes, neither files nor a database.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.transparency.errors import NotProven
from core.transparency.merkle import EMPTY_ROOT, NodeReader, hash_children, subtree_root


def inclusion_proof(nodes: NodeReader, index: int, size: int) -> list[bytes]:
    """Return PATH(index, D[size]), the leaf's sibling first. RFC 9162, Section 2.1.3.1.

    Raises ValueError unless ``0 <= index < size``.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} entries has no entry {index}")
    path, start, end = [], 0, size
    while end - start > 1:
        split = start + _largest_power_below(end - start)
        if index < split:
            path.append(subtree_root(nodes, split, end))
            end = split
        else:
            path.append(subtree_root(nodes, start, split))
            start = split
    return path[::-1]


def consistency_proof(nodes: NodeReader, old_size: int, size: int) -> list[bytes]:
    """Return PROOF(old_size, D[size]). RFC 9162, Section 2.1.4.1; empty for an old size of zero.

    Raises ValueError unless ``0 <= old_size <= size``.
    """
    if not 0 <= old_size <= size:
        raise ValueError(f"a tree of {size} entries has no ancestor of {old_size}")
    if old_size in (0, size):
        return []
    path, start, end = [], 0, size
    while end != old_size:
        split = start + _largest_power_below(end - start)
        if old_size <= split:
            path.append(subtree_root(nodes, split, end))
            end = split
        else:
            path.append(subtree_root(nodes, start, split))
            start = split
    if start:  # the old tree's own right-most subtree is not known to the verifier
        path.append(subtree_root(nodes, start, end))
    return path[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> None:
    """Check that ``leaf`` (a leaf hash) stands at ``index`` of the tree ``(size, root)``.

    The steps are those of RFC 9162, Section 2.1.3.2. Raises NotProven.
    """
    # Step 1: the index lies in the tree.
    if not 0 <= index < size:
        raise NotProven(f"A tree of {size} entries has no entry {index}.")
    # Steps 2 and 3.
    fn, sn, computed = index, size - 1, leaf
    # Step 4.
    for sibling in path:
        if sn == 0:
            raise NotProven("The inclusion proof has too many hashes.")
        if fn & 1 or fn == sn:
            computed = hash_children(sibling, computed)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            computed = hash_children(computed, sibling)
        fn, sn = fn >> 1, sn >> 1
    # Step 5.
    if sn != 0 or computed != root:
        raise NotProven("The inclusion proof does not lead to the signed root.")


def verify_consistency(
    old_size: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]
) -> None:
    """Check that the tree ``(size, root)`` begins with the tree ``(old_size, old_root)``.

    The steps are those of RFC 9162, Section 2.1.4.2, and the empty tree begins every tree.
    Raises NotProven.
    """
    if old_size > size:
        raise NotProven(f"A tree of {size} entries cannot begin with {old_size}.")
    if old_size in (0, size):
        expected = EMPTY_ROOT if old_size == 0 else root
        if path or old_root != expected:
            raise NotProven("The two trees are not consistent.")
        return
    # Step 2: when the old size is a power of two, its root begins the path.
    hashes = list(path)
    if old_size.bit_count() == 1:
        hashes.insert(0, old_root)
    # Step 1, after step 2: the path must not be empty.
    if not hashes:
        raise NotProven("The consistency proof is empty.")
    computed_old, computed = _climb_both(old_size - 1, size - 1, hashes)
    # Step 7.
    if computed_old != old_root or computed != root:
        raise NotProven("The two trees are not consistent.")


def _climb_both(fn: int, sn: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes]:
    # RFC 9162, Section 2.1.4.2. Step 4.
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    # Step 5.
    fr = sr = hashes[0]
    # Step 6.
    for sibling in hashes[1:]:
        if sn == 0:
            raise NotProven("The consistency proof has too many hashes.")
        if fn & 1 or fn == sn:
            fr, sr = hash_children(sibling, fr), hash_children(sibling, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = hash_children(sr, sibling)
        fn, sn = fn >> 1, sn >> 1
    # Step 7: the path led to the top.
    if sn != 0:
        raise NotProven("The consistency proof has too few hashes.")
    return fr, sr


def _largest_power_below(count: int) -> int:
    # RFC 9162, Section 2.1.1: k is the largest power of two smaller than n.
    return 1 << (count - 1).bit_length() - 1
