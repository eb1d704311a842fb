"""What the lint of every entry refuses, and that nothing is signed then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ca.crl import building
from ca.crl.building import BuiltCrl, Scope, build_crl
from ca.crl.checking import EntryFault, check_entries
from ca.crl.entries import Entry, EntryShape, encode_integer, encode_time
from ca.crl.errors import CrlLintError, CrlSignatureError
from ca.crl.linting import lint_crl
from ca.crl.numbers import Claim
from ca.crl.octets import IN_MEMORY_OCTETS, PART_OCTETS, Spool
from ca.crl.signing import sign_crl
from ca.der import SEQUENCE, encode_element
from hsm.keys import KeyAlgorithm
from tests.ca.revocation.world import URLS, World

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PLAIN = EntryShape(0, False)
REASON = bytes.fromhex("300c300a0603551d1504030a01")
REMOVE = REASON + b"\x08"


def entry(serial_number: int, extensions: bytes = b"") -> Entry:
    body = encode_integer(serial_number) + encode_time(NOW) + extensions
    return Entry(PLAIN, encode_element(SEQUENCE, body))


def built(world: World, *entries: Entry, base_number: int | None = None) -> BuiltCrl:
    issuer = world.authorities.authority("people-1").issuer
    return build_crl(
        scope=Scope(issuer, 0, URLS.crl("people-1", 0), None, None),
        claim=Claim("people-1", 0, 7, NOW),
        algorithm=KeyAlgorithm.EC_P256,
        entries=entries,
        next_update=NOW + timedelta(hours=72),
        base_number=base_number,
    )


BROKEN = {
    "entries_not_in_rising_order": [entry(2), entry(1)],
    "entries_not_in_rising_order (twice)": [entry(2), entry(2)],
    "entry_not_der": [Entry(PLAIN, b"\x30\x80\x00\x00")],
    "entry_cut_off": [entry(1), Entry(PLAIN, entry(2).der[:-1])],
    "entry_not_readable": [Entry(PLAIN, encode_element(SEQUENCE, encode_integer(1)))],
    "entry_extension_not_readable": [entry(1, REASON + b"\x07")],
    "remove_from_crl_in_complete_crl": [entry(1, REMOVE)],
    "number_of_entries_differs": [Entry(PLAIN, entry(1).der + entry(2).der)],
}


@pytest.mark.parametrize("finding", BROKEN)
def test_an_entry_that_breaks_a_rule_is_found(world: World, finding: str) -> None:
    with pytest.raises(EntryFault, match=finding.partition(" ")[0]):
        check_entries(built(world, *BROKEN[finding]))


@pytest.mark.parametrize("count", [0, 1, 30_000])
def test_a_sound_list_passes_and_what_passed_is_told_by_its_hash(world: World, count: int) -> None:
    from hashlib import sha256

    sound = built(world, *(entry(number + 1) for number in range(count)))

    assert check_entries(sound) == sha256(b"".join(sound.tbs)).digest()
    assert check_entries(built(world, entry(1, REMOVE), base_number=3))


def test_a_fault_far_behind_the_sample_is_found(world: World) -> None:
    entries = [entry(number + 1) for number in range(30_000)]
    entries[29_998] = entry(29_998)

    with pytest.raises(CrlLintError) as refusal:
        lint_crl(built(world, *entries))

    assert refusal.value.data["findings"] == ["entries_not_in_rising_order"]


def test_bytes_that_changed_after_the_lint_are_not_believed(world: World) -> None:
    sound = built(world, entry(1), entry(2))
    linted = lint_crl(sound)
    other = replace(linted, built=built(world, entry(1), entry(3)))

    with pytest.raises(CrlSignatureError, match="differ from the linted"):
        sign_crl(other, world.signers["people-1"])


def test_a_signature_by_another_key_is_not_believed(world: World) -> None:
    linted = lint_crl(built(world, entry(1)))

    with pytest.raises(CrlSignatureError, match="does not verify"):
        sign_crl(linted, world.signers["devices-1"])


def test_only_long_lists_leave_memory_and_all_come_back_whole() -> None:
    short, long = Spool(), Spool()
    short.append(b"short")
    written = [bytes([number % 251]) * 1000 for number in range(3 * IN_MEMORY_OCTETS // 1000)]
    for one in written:
        long.append(one)

    assert b"".join(short) == b"short"
    assert len(long) > 2 * IN_MEMORY_OCTETS
    first, second = iter(long), iter(long)
    together = [(one, other) for one, other in zip(first, second, strict=True)]
    assert b"".join(one for one, _ in together) == b"".join(written)
    assert all(one == other and len(one) <= PART_OCTETS for one, other in together)


def test_entries_are_never_held_all_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "_WRITTEN_AT_ONCE", 10)
    waiting: list[int] = []

    def entries() -> Iterator[Entry]:
        for number in range(1000):
            waiting.append(number)
            yield entry(number + 1)

    real = Spool.append

    def append(spool: Spool, octets: bytes) -> None:
        assert len(waiting) <= 10
        waiting.clear()
        real(spool, octets)

    monkeypatch.setattr(Spool, "append", append)
    issuer = world.authorities.authority("people-1").issuer
    found = build_crl(
        scope=Scope(issuer, 0, URLS.crl("people-1", 0), None, None),
        claim=Claim("people-1", 0, 7, NOW),
        algorithm=KeyAlgorithm.EC_P256,
        entries=entries(),
        next_update=NOW + timedelta(hours=72),
    )
    assert found.entries == 1000
