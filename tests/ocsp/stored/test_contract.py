"""What every store of signed answers does, in a file and in Redis alike."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocsp.stored.opening import open_answer_store
from ocsp.stored.record import encode_version
from ocsp.stored.settings import AnswerSettings, StoreKind
from ocsp.stored.store import AnswerStore, StoreUnavailable
from tests.ocsp.stored.conftest import REDIS_URL

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(params=StoreKind)
def settings_of_store(request: pytest.FixtureRequest) -> AnswerSettings:
    kind: StoreKind = request.param
    if kind is StoreKind.REDIS:
        prefix: str = request.getfixturevalue("redis_prefix")
        return AnswerSettings(store=kind, redis_url=REDIS_URL, redis_prefix=prefix)
    return AnswerSettings(store=kind, map_octets=1 << 26)


@pytest.fixture
def reopen(settings_of_store: AnswerSettings, home: Path) -> Callable[[], AnswerStore]:
    return lambda: open_answer_store(settings_of_store, home)


@pytest.fixture
def store(reopen: Callable[[], AnswerStore]) -> Iterator[AnswerStore]:
    store = reopen()
    yield store
    store.close()


def record(version: int, content: bytes = b"content") -> bytes:
    return encode_version(version) + content


def keys(count: int, tag: bytes = b"tag1") -> list[bytes]:
    return sorted(tag + os.urandom(20) for _ in range(count))


def test_what_is_written_is_read_and_counted_by_another_opening(
    store: AnswerStore, reopen: Callable[[], AnswerStore]
) -> None:
    pairs = [(key, record(1, os.urandom(170))) for key in keys(1_000)]
    assert store.write(pairs) == 1_000
    again = reopen()
    assert all(again.get(key) == kept for key, kept in pairs)
    assert again.get(b"tag1nobody") is None
    assert again.count() == store.count() == 1_000
    again.close()
    assert store.get(pairs[0][0]) == pairs[0][1]


@given(
    key=st.binary(min_size=5, max_size=24),
    versions=st.lists(st.integers(0, (1 << 48) - 1), min_size=1, max_size=5),
    content=st.binary(max_size=400),
)
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_record_of_the_highest_version_is_kept(
    store: AnswerStore, key: bytes, versions: list[int], content: bytes
) -> None:
    store.delete([key])
    for version in versions:
        store.write([(key, record(version, content))])
    assert store.get(key) == record(max(versions), content)


def test_a_lower_version_never_replaces_and_an_equal_one_does(store: AnswerStore) -> None:
    late, equal, new = keys(3)
    store.write([(late, record(0x80_0000_0000_00)), (equal, record(7))])
    written = store.write(
        [
            (late, record(0x7F_FFFF_FFFF_FF, b"late")),
            (equal, record(7, b"equal")),
            (new, record(0, b"new")),
        ]
    )
    assert written == 2
    assert store.get(late) == record(0x80_0000_0000_00)
    assert store.get(equal) == record(7, b"equal")
    assert store.get(new) == record(0, b"new")
    assert store.count() == 3


def test_a_key_that_stands_twice_in_a_write_ends_as_the_higher_version(store: AnswerStore) -> None:
    (key,) = keys(1)
    assert store.write([(key, record(2)), (key, record(1, b"lower"))]) == 1
    assert store.get(key) == record(2)
    assert store.count() == 1


def test_an_empty_write_and_an_empty_deletion_do_nothing(store: AnswerStore) -> None:
    assert store.write([]) == 0
    store.delete([])
    store.delete(keys(2))
    assert store.count() == 0


def test_what_is_deleted_is_gone_and_counted_no_longer(store: AnswerStore) -> None:
    first, second, third = keys(3)
    store.write([(key, record(9)) for key in (first, second, third)])
    store.delete([first, third])
    assert store.count() == 1
    assert store.get(first) is None
    # Nothing is known any more of the version that was.
    assert store.write([(first, record(1))]) == 1


def test_a_scan_yields_what_begins_with_the_prefix_and_comes_after_the_key(
    store: AnswerStore,
) -> None:
    one, two = keys(1_500, b"one1"), keys(300, b"two2")
    # What has no octets at the prefix's end and what has the highest ones.
    one = sorted([*one, b"one1\x00", b"one1\xff\xff"])
    everything = {key: record(1, key) for key in one + two}
    pairs = list(everything.items())
    for start in range(0, len(pairs), 700):
        store.write(pairs[start : start + 700])
    assert sorted(store.scan()) == sorted(pairs)
    assert sorted(key for key, _ in store.scan(b"one1")) == one
    assert sorted(key for key, _ in store.scan(b"two2", two[99])) == two[100:]
    assert sorted(key for key, _ in store.scan(b"one1", two[0])) == []
    assert sorted(key for key, _ in store.scan(b"two2", one[0])) == two
    assert list(store.scan(b"none")) == []


def test_a_scan_goes_on_while_others_write(store: AnswerStore) -> None:
    stay, go, come = keys(2_500), keys(100), keys(100)
    for some in (stay[:1_500], stay[1_500:] + go):
        store.write([(key, record(1)) for key in some])
    found = set()
    for number, (key, _) in enumerate(store.scan()):
        found.add(key)
        if number == 10:
            store.delete(go)
            store.write([(one, record(1)) for one in come])
    assert found >= set(stay)
    assert found <= set(stay) | set(go) | set(come)


def test_named_values_are_kept_listed_and_forgotten(store: AnswerStore) -> None:
    assert store.value("template/1") is None
    store.set_value("template/1", b"one")
    store.set_value("template/2", bytes(range(256)))
    store.set_value("temp", b"")
    store.set_value("template/1", b"changed")
    assert store.value("template/1") == b"changed"
    assert store.value("temp") == b""
    assert store.values("template/") == {"template/1": b"changed", "template/2": bytes(range(256))}
    store.delete_value("template/2")
    store.delete_value("template/2")
    assert store.values("") == {"template/1": b"changed", "temp": b""}
    assert store.count() == 0


def test_many_threads_write_and_read_and_the_highest_version_stays(store: AnswerStore) -> None:
    shared = keys(50)

    def work(number: int) -> None:
        for version in range(number, 200, 8):
            store.write([(key, record(version)) for key in shared])
            kept = store.get(shared[version % 50])
            assert kept is not None
            assert kept >= record(version)

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(work, number) for number in range(8)]:
            done.result(60)
    assert dict(store.scan()) == {key: record(199) for key in shared}


def write_for_ever(
    chosen: AnswerSettings, home: Path, shared: list[bytes], start: int, wrote: Event
) -> None:
    """Write the same version to all keys at once, a higher one each time."""
    store = open_answer_store(chosen, home)
    version = start
    while True:
        store.write([(key, record(version)) for key in shared])
        list(zip(range(5), store.scan(), strict=False))
        wrote.set()
        version += 2


def test_writers_that_are_killed_leave_whole_writes_and_others_go_on(
    store: AnswerStore, settings_of_store: AnswerSettings, home: Path
) -> None:
    shared = keys(300)
    survivor_wrote = SPAWN.Event()
    survivor = SPAWN.Process(
        target=write_for_ever, args=(settings_of_store, home, shared, 0, survivor_wrote)
    )
    survivor.start()
    assert survivor_wrote.wait(30)
    for _ in range(4):
        wrote = SPAWN.Event()
        killed = SPAWN.Process(
            target=write_for_ever, args=(settings_of_store, home, shared, 1, wrote)
        )
        killed.start()
        assert wrote.wait(30)
        assert killed.pid is not None
        os.kill(killed.pid, signal.SIGKILL)
        killed.join(30)
        survivor_wrote.clear()
        assert survivor_wrote.wait(30)
    assert survivor.pid is not None
    os.kill(survivor.pid, signal.SIGKILL)
    survivor.join(30)
    # The server may still be at what it was told last.
    found = dict(store.scan())
    assert set(found) == set(shared)
    assert store.count() == len(shared)
    assert store.write([(key, record((1 << 48) - 1)) for key in shared]) == len(shared)
    assert set(dict(store.scan()).values()) == {record((1 << 48) - 1)}


def test_each_write_is_seen_whole_or_not_at_all(
    store: AnswerStore, reopen: Callable[[], AnswerStore]
) -> None:
    pair = keys(2)
    enough = threading.Event()

    def write() -> None:
        version = 0
        while not enough.is_set():
            version += 1
            store.write([(key, record(version)) for key in pair])

    writer = threading.Thread(target=write)
    writer.start()
    reader = reopen()
    try:
        while not reader.get(pair[0]):
            pass
        for _ in range(300):
            # The second key is read later, so it may be ahead, and never behind.
            first, second = reader.get(pair[0]), reader.get(pair[1])
            assert first is not None
            assert second is not None
            assert first <= second
    finally:
        enough.set()
        writer.join(30)
        reader.close()


def test_a_store_that_was_used_before_a_fork_serves_parent_and_child(store: AnswerStore) -> None:
    pairs = [(key, record(1)) for key in keys(100)]
    store.write(pairs)
    assert store.get(pairs[0][0]) == pairs[0][1]
    for _ in range(3):
        child = os.fork()
        if child == 0:
            works = False
            try:
                works = dict(store.scan()) == dict(pairs)
                works = works and store.write([(pairs[0][0], record(1))]) == 1
                store.close()
            finally:
                os._exit(0 if works else 1)
        assert store.get(pairs[1][0]) == pairs[1][1]
        assert store.write([(pairs[2][0], record(1))]) == 1
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert dict(store.scan()) == dict(pairs)


def test_a_store_that_was_closed_says_so(store: AnswerStore) -> None:
    store.write([(b"tag1key", record(1))])
    store.close()
    for act in (
        lambda: store.get(b"tag1key"),
        lambda: store.write([(b"tag1key", record(1))]),
        store.count,
        lambda: list(store.scan()),
        lambda: store.value("name"),
        lambda: store.values(""),
    ):
        with pytest.raises(StoreUnavailable, match="closed"):
            act()
    store.close()
