"""What holds of every log: proofs verify, altered ones do not, parsers only say Malformed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Malformed
from core.transparency.checkpoint import Checkpoint, TreeHead
from core.transparency.entry import JsonValue, LogEntry
from core.transparency.errors import NotProven
from core.transparency.merkle import CompactRange, LeafHashes, hash_leaf, tree_root
from core.transparency.merkle_proofs import (
    consistency_proof,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from core.transparency.notes import SignedNote, VerifierKey, parse_signature_lines
from core.transparency.proof import LogProof, verify_proof
from core.transparency.tiles import bundle_path, decode_bundle, encode_bundle, tile_path, width_at
from core.transparency.witness import AddCheckpoint
from tests.core.transparency.doubles import ORIGIN, SoftwareSigner

SIGNER = SoftwareSigner()
KEY = VerifierKey(ORIGIN, SIGNER.public_key)
MAX_TREE = 600
LEAVES = [hash_leaf(str(number).encode()) for number in range(MAX_TREE)]
NODES = LeafHashes(LEAVES)

sizes = st.integers(1, MAX_TREE)
facts = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=20),
        lambda below: (
            st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=4), below, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=5,
)
instants = st.datetimes(timezones=st.just(UTC))


def _other(octets: bytes, bit: int) -> bytes:
    changed = bytearray(octets)
    changed[bit // 8 % len(changed)] ^= 1 << bit % 8
    return bytes(changed)


@given(st.lists(st.integers(0, 40), max_size=12))
def test_it_does_not_matter_in_which_portions_entries_come(portions: list[int]) -> None:
    edge, at = CompactRange(), 0
    for portion in portions:
        edge = edge.extend(LEAVES[at : at + portion])
        at += portion
    assert edge == CompactRange().extend(LEAVES[:at])
    assert edge.root() == tree_root(NODES, at)


@given(st.data())
def test_an_inclusion_proof_verifies_and_an_altered_one_does_not(data: st.DataObject) -> None:
    size = data.draw(sizes)
    index = data.draw(st.integers(0, size - 1))
    path, root = inclusion_proof(NODES, index, size), tree_root(NODES, size)
    verify_inclusion(LEAVES[index], index, size, path, root)
    bit = data.draw(st.integers(0, 255))
    at = data.draw(st.integers(0, max(0, len(path) - 1)))
    altered = [
        (_other(LEAVES[index], bit), index, size, path, root),
        (LEAVES[index], index, size, path, _other(root, bit)),
        (LEAVES[index], index, size, [*path, root], root),
        (LEAVES[index], size, size, path, root),
        (LEAVES[index], -1, size, path, root),
    ]
    if path:
        changed = [*path[:at], _other(path[at], bit), *path[at + 1 :]]
        altered += [
            (LEAVES[index], index, size, changed, root),
            (LEAVES[index], index, size, path[:at] + path[at + 1 :], root),
            (LEAVES[index], index ^ 1, size, path, root),
        ]
    for arguments in altered:
        with pytest.raises(NotProven):
            verify_inclusion(*arguments)


@given(st.data())
def test_a_consistency_proof_verifies_and_an_altered_one_does_not(data: st.DataObject) -> None:
    size = data.draw(sizes)
    old = data.draw(st.integers(1, size))
    path = consistency_proof(NODES, old, size)
    old_root, root = tree_root(NODES, old), tree_root(NODES, size)
    verify_consistency(old, old_root, size, root, path)
    bit = data.draw(st.integers(0, 255))
    altered = [
        (old, _other(old_root, bit), size, root, path),
        (old, old_root, size, _other(root, bit), path),
        (old, old_root, size, root, [*path, root]),
        (size + 1, old_root, size, root, path),
        (0, old_root, size, root, path),
    ]
    for at in range(len(path)):
        changed = [*path[:at], _other(path[at], bit), *path[at + 1 :]]
        altered += [
            (old, old_root, size, root, changed),
            (old, old_root, size, root, path[:at] + path[at + 1 :]),
        ]
    for arguments in altered:
        with pytest.raises(NotProven):
            verify_consistency(*arguments)


@given(st.data())
def test_a_forked_tree_has_no_consistency_proof(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, MAX_TREE))
    old = data.draw(st.integers(1, size - 1))
    at = data.draw(st.integers(0, old - 1))
    forked = [*LEAVES[:at], bytes(32), *LEAVES[at + 1 :]]
    root = tree_root(LeafHashes(forked), size)
    for nodes in (NODES, LeafHashes(forked)):
        with pytest.raises(NotProven):
            path = consistency_proof(nodes, old, size)
            verify_consistency(old, tree_root(NODES, old), size, root, path)


@given(st.text(min_size=1, max_size=20), instants, facts)
def test_an_entry_is_read_as_it_was_written(
    kind: str, at: datetime, facts: dict[str, JsonValue]
) -> None:
    entry = LogEntry(kind, at, facts)
    assert LogEntry.decode(entry.encode()) == entry


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_a_bundle_is_read_as_it_was_written(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries)) == entries


@given(st.integers(0, 2**40), st.integers(0, 5))
def test_a_tile_has_its_number_in_its_path(index: int, level: int) -> None:
    *elements, last = tile_path(level, index).as_posix().split("/")[2:]
    assert all(element.startswith("x") for element in elements)
    digits = [element.removeprefix("x") for element in elements] + [last]
    assert all(len(three) == 3 for three in digits)
    assert int("".join(digits)) == index
    assert bundle_path(index, 7).as_posix() == f"tile/entries/{'/'.join([*elements, last])}.p/7"


def test_the_specification_s_example_of_a_layout_holds() -> None:
    # c2sp.org/tlog-tiles: 70,000 entries are 273 full tiles and one of width 112; 1 and 17; 1.
    assert tile_path(0, 1234067).as_posix() == "tile/0/x001/x234/067"
    assert [width_at(70_000, 0, number) for number in (272, 273, 274)] == [256, 112, 0]
    assert [width_at(70_000, 1, number) for number in (0, 1, 2)] == [256, 17, 0]
    assert [width_at(70_000, 2, number) for number in (0, 1)] == [1, 0]
    assert [width_at(256, level, 0) for level in (0, 1, 2)] == [256, 1, 0]


def _proof(size: int, index: int) -> LogProof:
    entries = [LogEntry("k", datetime(2026, 1, 1, tzinfo=UTC), {"n": n}) for n in range(size)]
    octets = [entry.encode() for entry in entries]
    nodes = LeafHashes([hash_leaf(one) for one in octets])
    head = TreeHead(size, tree_root(nodes, size))
    path = tuple(inclusion_proof(nodes, index, size))
    return LogProof(octets[index], index, path, Checkpoint.sign(head, SIGNER))


PROOF = _proof(11, 6).encode().encode()
SIGNATURE_STARTS = PROOF.index("—".encode())


@given(st.integers(0, len(PROOF) * 8 - 1))
@settings(max_examples=400)
def test_a_proof_with_any_bit_changed_does_not_verify(bit: int) -> None:
    verify_proof(LogProof.parse(PROOF), KEY)
    with pytest.raises((Malformed, NotProven)):
        verify_proof(LogProof.parse(_other(PROOF, bit)), KEY)


@given(st.integers(0, len(PROOF) - 1), st.integers(1, 60))
def test_a_proof_with_a_part_cut_out_does_not_verify(at: int, length: int) -> None:
    with pytest.raises((Malformed, NotProven)):
        verify_proof(LogProof.parse(PROOF[:at] + PROOF[at + length :]), KEY)


REQUEST = AddCheckpoint(
    3, tuple(consistency_proof(NODES, 3, 11)), LogProof.parse(PROOF).checkpoint
).encode()
PARSERS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "note": (SignedNote.parse, PROOF[PROOF.index(b"\n\n") + 2 :]),
    "checkpoint": (Checkpoint.parse, PROOF[PROOF.index(b"\n\n") + 2 :]),
    "proof": (LogProof.parse, PROOF),
    "add-checkpoint": (AddCheckpoint.parse, REQUEST),
    "entry": (LogEntry.decode, LogProof.parse(PROOF).entry),
    "bundle": (decode_bundle, encode_bundle([b"a", b"bc", sha256(b"").digest()])),
    "vkey": (lambda octets: VerifierKey.parse(octets.decode("latin-1")), KEY.vkey().encode()),
    "signature lines": (
        lambda octets: parse_signature_lines(octets.decode("latin-1")),
        PROOF[SIGNATURE_STARTS:],
    ),
}


@pytest.mark.parametrize("name", PARSERS)
@given(data=st.data())
def test_whatever_a_parser_is_given_it_reads_or_says_malformed(
    name: str, data: st.DataObject
) -> None:
    parse, good = PARSERS[name]
    at = data.draw(st.integers(0, len(good)))
    cut = data.draw(st.integers(0, 8))
    put = data.draw(st.binary(max_size=12) | st.text(max_size=6).map(str.encode))
    for octets in (good[:at] + put + good[at + cut :], put):
        try:
            parse(octets)
        except Malformed:
            continue


@pytest.mark.parametrize(
    "octets",
    [
        b"[" * 100_000,
        b'{"v":1,"kind":"k","facts":{},"at":' + b"9" * 5000 + b"}",
        b'{"v":1,"kind":"k","facts":{"a":NaN},"at":"2026-01-01T00:00:00.000000+00:00"}',
        b'{"at":"2026-01-01T00:00:00.000000+00:00","facts":{"a":"\\ud800"},"kind":"k","v":1}',
        b'{"at":"0001-01-01T00:00:00.000000+14:00","facts":{},"kind":"k","v":1}',
        b'{"at":"2026-01-01T00:00:00.000000","facts":{},"kind":"k","v":1}',
        b'{"at":"2026-01-01T00:00:00.000000+00:00","facts":{},"facts":{},"kind":"k","v":1}',
        b'{"at":"2026-01-01T00:00:00.000000+00:00","facts":[],"kind":"k","v":1}',
        b'{"at":"2026-01-01T00:00:00.000000+00:00","facts":{},"kind":7,"v":1}',
        b'{"at":"2026-01-01T00:00:00.000000+00:00","facts":{},"kind":"k","v":2}',
        b'{"at":"2026-01-01T00:00:00.000000+00:00","facts":{},"kind":"k","v":true}',
        b'{"at":"2026-01-01T00:00:00.000000+00:00","facts":{"a":1.5e400},"kind":"k","v":1}',
        b"null",
        b"\xff",
        b"",
    ],
    ids=lambda octets: octets[-24:].decode("latin-1"),
)
def test_what_is_no_entry_is_malformed(octets: bytes) -> None:
    with pytest.raises(Malformed):
        LogEntry.decode(octets)
