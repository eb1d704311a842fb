"""Stores that are full or away say so at once, and work again by themselves."""

from __future__ import annotations

import multiprocessing
import multiprocessing.synchronize
import os
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import lmdb
import pytest
import redis

import ocsp.stored.generations
from ocsp.stored.lmdb_store import LmdbAnswerStore
from ocsp.stored.recent import RecentlyRead
from ocsp.stored.record import encode_version
from ocsp.stored.redis_store import RedisAnswerStore
from ocsp.stored.store import StoreUnavailable
from tests.ocsp.stored.conftest import RedisServer

SPAWN = multiprocessing.get_context("spawn")
TIMEOUT = timedelta(milliseconds=250)
DEPLOYED = Path(__file__).parents[3] / "deploy" / "redis.conf"


def record(version: int, octets: int = 170) -> bytes:
    return encode_version(version) + os.urandom(octets)


def some(count: int) -> list[tuple[bytes, bytes]]:
    return [(b"tag1" + os.urandom(20), record(1)) for _ in range(count)]


class SettableSeconds:
    """Seconds of a monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


# The file.


@pytest.fixture
def file(tmp_path: Path) -> Iterator[LmdbAnswerStore]:
    store = LmdbAnswerStore(tmp_path / "answers", map_octets=1 << 20)
    yield store
    store.close()


def test_a_full_file_names_the_setting_keeps_what_it_has_and_takes_more_after_a_deletion(
    file: LmdbAnswerStore,
) -> None:
    kept: dict[bytes, bytes] = {}
    with pytest.raises(StoreUnavailable, match="map_octets") as refused:
        while True:
            pairs = some(500)
            file.write(pairs)
            kept |= dict(pairs)
    assert refused.value.kept is not None
    assert dict(file.scan()) == kept
    file.delete(sorted(kept)[: len(kept) // 2])
    assert file.write(some(100)) == 100


def test_a_file_that_another_process_made_larger_is_read_on(
    file: LmdbAnswerStore, tmp_path: Path
) -> None:
    pairs = some(10)
    file.write(pairs)
    other = SPAWN.Process(target=grow, args=(tmp_path,))
    other.start()
    other.join(60)
    assert other.exitcode == 0
    # The first call may learn of it; those after it work.
    with suppress(StoreUnavailable):
        file.get(pairs[0][0])
    assert file.get(pairs[0][0]) == pairs[0][1]
    assert file.count() == 20_010


def grow(path: Path) -> None:
    store = LmdbAnswerStore(path / "answers", map_octets=1 << 26)
    for _ in range(20):
        store.write(some(1_000))


def test_a_full_disk_loses_nothing_and_is_recovered_from_without_a_restart(
    tmp_path: Path,
) -> None:
    process = SPAWN.Process(target=fill_the_disk, args=(tmp_path,))
    process.start()
    process.join(60)
    assert process.exitcode == 0


def fill_the_disk(path: Path) -> None:
    """Write beyond what the kernel lets this process write, which fails as a full disk does."""
    store = LmdbAnswerStore(path / "answers", map_octets=1 << 26)
    kept = dict(some(1_000))
    store.write(list(kept.items()))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    refused = 0
    for _ in range(5):
        pairs = some(2_000)
        try:
            store.write(pairs)
        except StoreUnavailable:
            refused += 1
        else:
            kept |= dict(pairs)
        assert next(iter(kept)) in dict(store.scan())
    assert refused
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    with suppress(StoreUnavailable):
        store.write([])
    pairs = some(2_000)
    assert store.write(pairs) == 2_000
    assert dict(store.scan()) == kept | dict(pairs)


def test_slots_of_readers_that_were_killed_are_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocsp.stored.generations, "MOST_READERS", 4)
    store = LmdbAnswerStore(tmp_path / "few", map_octets=1 << 20)
    store.write(some(1))
    context = multiprocessing.get_context("spawn")
    for _ in range(6):
        held = context.Event()
        reader = context.Process(target=hold_a_view, args=(tmp_path / "few", held))
        reader.start()
        assert held.wait(30)
        assert reader.pid is not None
        os.kill(reader.pid, signal.SIGKILL)
        reader.join(30)
    for _ in range(3):
        with suppress(StoreUnavailable):
            store.count()
    assert store.count() == 1


def hold_a_view(path: Path, held: multiprocessing.synchronize.Event) -> None:
    store = LmdbAnswerStore(path, map_octets=1 << 20)
    with store.folder.reading():
        held.set()
        time.sleep(60)


def test_more_readers_than_there_are_slots_are_refused_with_the_reason_and_served_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocsp.stored.generations, "MOST_READERS", 3)
    store = LmdbAnswerStore(tmp_path / "few", map_octets=1 << 20)
    views: list[lmdb.Transaction] = []
    environment = store.folder.current().environment
    with pytest.raises(lmdb.ReadersFullError):
        while True:
            views.append(environment.begin())
    with pytest.raises(StoreUnavailable, match="more than 3 read it at once"):
        store.count()
    views.clear()
    assert store.count() == 0


def test_a_pointer_that_says_nothing_is_told(file: LmdbAnswerStore, tmp_path: Path) -> None:
    file.write(some(1))
    pointer = tmp_path / "answers" / "current"
    pointer.write_text("what?")
    with pytest.raises(StoreUnavailable, match="current"):
        file.write(some(1))
    pointer.unlink()
    assert file.write(some(1)) == 1


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("a file")
    with pytest.raises(StoreUnavailable, match="cannot be made"):
        LmdbAnswerStore(tmp_path / "answers" / "below", map_octets=1 << 20)


# Redis.


@pytest.fixture
def seconds() -> SettableSeconds:
    return SettableSeconds()


@pytest.fixture
def far(redis_server: RedisServer, seconds: SettableSeconds) -> Iterator[RedisAnswerStore]:
    store = RedisAnswerStore(redis_server.url, prefix="test", timeout=TIMEOUT, monotonic=seconds)
    yield store
    store.close()


def test_a_redis_that_was_away_is_used_again_by_itself(
    redis_server: RedisServer, far: RedisAnswerStore, seconds: SettableSeconds
) -> None:
    pairs = some(100)
    far.write(pairs)
    redis_server.stop()
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        far.get(pairs[0][0])
    with pytest.raises(StoreUnavailable, match="a moment ago"):
        far.write(pairs)
    redis_server.start()
    with pytest.raises(StoreUnavailable, match="a moment ago"):
        far.get(pairs[0][0])
    seconds.seconds += 2
    assert far.get(pairs[0][0]) == pairs[0][1]
    # Its scripts are gone with the server that was.
    assert far.write(pairs) == 100
    assert far.count() == 100


def test_a_redis_that_restarts_between_two_calls_is_not_noticed(
    redis_server: RedisServer, far: RedisAnswerStore
) -> None:
    pairs = some(10)
    far.write(pairs)
    redis_server.stop()
    redis_server.start()
    assert far.get(pairs[0][0]) == pairs[0][1]


def test_a_redis_that_does_not_answer_costs_its_timeout_once(
    redis_server: RedisServer, far: RedisAnswerStore, seconds: SettableSeconds
) -> None:
    pairs = some(10)
    far.write(pairs)
    redis_server.send(signal.SIGSTOP)
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        far.get(pairs[0][0])
    for _ in range(100):
        with pytest.raises(StoreUnavailable, match="a moment ago"):
            far.get(pairs[0][0])
    seconds.seconds += 2
    # One tries, and the others do not wait for it.
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        far.get(pairs[0][0])
    redis_server.send(signal.SIGCONT)
    seconds.seconds += 2
    assert far.get(pairs[0][0]) == pairs[0][1]


def test_a_full_redis_takes_all_of_a_write_or_nothing_and_more_once_there_is_room(
    redis_server: RedisServer, far: RedisAnswerStore
) -> None:
    redis_server.stop()
    redis_server.start("--maxmemory", "3mb")
    kept: dict[bytes, bytes] = {}
    refused: list[tuple[bytes, bytes]] = []
    with pytest.raises(StoreUnavailable, match="maxmemory"):
        while True:
            refused = some(500)
            far.write(refused)
            kept |= dict(refused)
    assert kept
    assert dict(far.scan()) == kept
    assert far.count() == len(kept)
    far.delete(list(kept))
    assert far.count() == 0
    assert far.write(refused) == len(refused)


def test_two_homes_share_a_redis_under_their_prefixes(redis_server: RedisServer) -> None:
    ours, theirs = (
        RedisAnswerStore(redis_server.url, prefix=prefix, timeout=TIMEOUT)
        for prefix in ("home", "home*")
    )
    pairs, others = some(50), some(50)
    ours.write(pairs)
    theirs.write(others)
    theirs.set_value("name", b"value")
    assert dict(ours.scan()) == dict(pairs)
    assert dict(theirs.scan()) == dict(others)
    assert (ours.count(), ours.values("")) == (50, {})


def test_redis_as_deploy_sets_it_takes_few_octets_a_certificate(
    redis_server: RedisServer,
) -> None:
    redis_server.stop()
    with redis.Redis(port=redis_server.port) as server:
        for settings, most in (([], 290), ([str(DEPLOYED)], 250)):
            redis_server.start(settings=settings)
            server.flushall()
            store = RedisAnswerStore(redis_server.url, prefix="camtrust", timeout=TIMEOUT)
            # 70 in each of 100 buckets: twenty million in all buckets would be 76.
            pairs = [
                (b"tag1\x40\x00" + bytes([one, 0]) + os.urandom(16), record(1))
                for one in range(100)
                for _ in range(70)
            ]
            for start in range(0, len(pairs), 1_000):
                store.write(pairs[start : start + 1_000])
            used = sum(
                server.memory_usage(bucket, samples=0)
                for bucket in server.scan_iter("camtrust:answers:*")
            )
            assert used / len(pairs) <= most
            store.close()
            redis_server.stop()


# What was read a moment ago.


def test_hot_answers_go_on_for_a_minute_while_redis_is_away(
    redis_server: RedisServer, far: RedisAnswerStore, seconds: SettableSeconds
) -> None:
    store = RecentlyRead(far, monotonic=seconds)
    (hot, cold) = pairs = some(2)
    store.write(pairs)
    store.set_value("heartbeat", b"7")
    assert store.get(hot[0]) == hot[1]
    assert store.value("heartbeat") == b"7"
    assert store.values("heart") == {"heartbeat": b"7"}
    redis_server.stop()
    seconds.seconds += 59
    assert store.get(hot[0]) == hot[1]
    assert store.value("heartbeat") == b"7"
    assert store.values("heart") == {"heartbeat": b"7"}
    for away in (lambda: store.get(cold[0]), lambda: store.value("other"), store.count):
        with pytest.raises(StoreUnavailable):
            away()
    with pytest.raises(StoreUnavailable):
        store.write(pairs)
    seconds.seconds += 2
    for away in (lambda: store.get(hot[0]), lambda: store.values("heart")):
        with pytest.raises(StoreUnavailable):
            away()
    redis_server.start()
    seconds.seconds += 2
    assert store.get(cold[0]) == cold[1]


def test_what_redis_says_now_is_never_replaced_by_what_it_said(
    redis_server: RedisServer, far: RedisAnswerStore, seconds: SettableSeconds
) -> None:
    store = RecentlyRead(far, monotonic=seconds)
    ((key, old),) = some(1)
    store.write([(key, old)])
    assert store.get(key) == old
    new = record(2)
    other = RedisAnswerStore(redis_server.url, prefix="test", timeout=TIMEOUT)
    other.write([(key, new)])
    assert store.get(key) == new
    redis_server.stop()
    assert store.get(key) == new


def test_only_the_newest_records_are_remembered(
    redis_server: RedisServer, far: RedisAnswerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocsp.stored.recent.MOST_RECORDS", 10)
    store = RecentlyRead(far)
    pairs = some(30)
    store.write(pairs)
    for key, _ in pairs:
        assert store.get(key) is not None
        assert store.get(b"tag1nobody") is None
    redis_server.stop()
    assert store.get(pairs[-1][0]) == pairs[-1][1]
    remembered = 0
    for key, _ in pairs:
        with suppress(StoreUnavailable):
            remembered += store.get(key) is not None
    assert 5 <= remembered <= 10
