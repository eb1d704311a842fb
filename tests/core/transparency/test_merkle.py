"""The tree against published vectors and against a second, recursive implementation."""

from __future__ import annotations

from core.transparency.merkle import (
    EMPTY_ROOT,
    CompactRange,
    LeafHashes,
    hash_leaf,
    tree_root,
)
from core.transparency.merkle_proofs import (
    consistency_proof,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from tests.core.transparency.doubles import naive_path, naive_root, naive_subproof

# The inputs and roots of the reference tree of Certificate Transparency (RFC 6962), which every
# implementation is tested with.
REFERENCE_ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
REFERENCE_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
UP_TO = 70


def _entries(count: int) -> list[bytes]:
    return [bytes([number]) * number for number in range(count)]


def test_the_roots_are_those_of_the_reference_tree() -> None:
    for size, root in enumerate(REFERENCE_ROOTS, 1):
        leaves = map(hash_leaf, REFERENCE_ENTRIES[:size])
        assert CompactRange().extend(leaves).root().hex() == root


def test_the_empty_tree_hashes_the_empty_string() -> None:
    assert CompactRange().root() == EMPTY_ROOT == naive_root([])


def test_roots_agree_with_the_recursive_definition_at_every_size() -> None:
    for size in range(UP_TO):
        entries = _entries(size)
        leaves = [hash_leaf(entry) for entry in entries]
        expected = naive_root(entries)
        assert CompactRange().extend(leaves).root() == expected
        assert tree_root(LeafHashes(leaves), size) == expected


def test_inclusion_proofs_agree_with_the_recursive_definition_and_verify() -> None:
    for size in range(1, UP_TO, 3):
        entries = _entries(size)
        leaves = [hash_leaf(entry) for entry in entries]
        for index in range(size):
            path = inclusion_proof(LeafHashes(leaves), index, size)
            assert path == naive_path(index, entries)
            verify_inclusion(leaves[index], index, size, path, naive_root(entries))


def test_consistency_proofs_agree_with_the_recursive_definition_and_verify() -> None:
    for size in range(1, UP_TO, 3):
        entries = _entries(size)
        leaves = [hash_leaf(entry) for entry in entries]
        for old_size in range(size + 1):
            path = consistency_proof(LeafHashes(leaves), old_size, size)
            if old_size:
                assert path == naive_subproof(old_size, entries, True)
            old_root = naive_root(entries[:old_size])
            verify_consistency(old_size, old_root, size, naive_root(entries), path)


def test_a_right_edge_survives_being_stored() -> None:
    for size in range(UP_TO):
        edge = CompactRange().extend(map(hash_leaf, _entries(size)))
        assert CompactRange.decode(size, edge.encode()) == edge
