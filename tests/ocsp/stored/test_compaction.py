"""Compaction makes the file small while others read and write, and loses nothing when killed."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

import ocsp.stored.compaction
from ocsp.stored.compaction import CompactionRuns, compact
from ocsp.stored.lmdb_store import LmdbAnswerStore
from ocsp.stored.record import encode_version
from ocsp.stored.store import StoreUnavailable

MAP_OCTETS = 1 << 28
MOST_OCTETS = 250
KEY_OCTETS = 24
# A head, two P-256 signatures, and the padding.
RECORD_OCTETS = 176


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LmdbAnswerStore]:
    store = open_at(tmp_path)
    yield store
    store.close()


def open_at(path: Path) -> LmdbAnswerStore:
    return LmdbAnswerStore(path / "answers", map_octets=MAP_OCTETS)


def record(version: int) -> bytes:
    return encode_version(version) + os.urandom(RECORD_OCTETS - 6)


def fill(store: LmdbAnswerStore, count: int) -> dict[bytes, bytes]:
    records = {os.urandom(KEY_OCTETS): record(1) for _ in range(count)}
    pairs = list(records.items())
    for start in range(0, count, 1_000):
        store.write(pairs[start : start + 1_000])
    return records


def test_fifty_thousand_random_inserts_shrink_to_what_is_promised(store: LmdbAnswerStore) -> None:
    records = fill(store, 50_000)
    store.set_value("name", b"value")
    compaction = compact(store.folder)
    assert compaction.records == len(records)
    assert compaction.octets_before / compaction.records > MOST_OCTETS
    assert compaction.octets_per_record <= MOST_OCTETS
    assert dict(store.scan()) == records
    assert store.count() == len(records)
    assert store.values("") == {"name": b"value"}


def test_records_that_are_renewed_in_order_leave_a_compacted_file_as_it_is(
    store: LmdbAnswerStore,
) -> None:
    keys = sorted(fill(store, 10_000))
    compact(store.folder)
    for version in (2, 3, 4):
        for start in range(0, len(keys), 500):
            store.write([(key, record(version)) for key in keys[start : start + 500]])
    assert compact(store.folder).octets_before / len(keys) <= MOST_OCTETS


def test_a_folder_without_records_is_compacted(store: LmdbAnswerStore) -> None:
    assert compact(store.folder).octets_per_record == 0
    assert list(store.scan()) == []


def test_another_process_reads_and_writes_on_across_a_compaction(tmp_path: Path) -> None:
    store = open_at(tmp_path)
    records = fill(store, 20_000)
    context = multiprocessing.get_context("spawn")
    ready, enough = context.Event(), context.Event()
    written = context.Queue()
    writer = context.Process(
        target=write_until, args=(tmp_path, sorted(records), ready, enough, written)
    )
    writer.start()
    assert ready.wait(30)
    generations = {store.folder.pointer()}
    for _ in range(4):
        compact(store.folder)
        generations.add(store.folder.pointer())
    enough.set()
    changes: dict[bytes, bytes | None] = written.get(timeout=60)
    writer.join(30)
    assert writer.exitcode == 0
    assert len(generations) == 5
    assert len(changes) > 20
    expected = records | {key: one for key, one in changes.items() if one is not None}
    for key, one in changes.items():
        if one is None:
            del expected[key]
    assert dict(store.scan()) == expected
    # The folder of the generation in use, and no other.
    assert [one.name for one in (tmp_path / "answers").iterdir() if one.is_dir()] == [
        str(store.folder.pointer())
    ]


def write_until(
    path: Path,
    keys: list[bytes],
    ready: Event,
    enough: Event,
    written: multiprocessing.Queue[dict[bytes, bytes | None]],
) -> None:
    """Write new records, change and delete old ones, and tell at the end which."""
    store = open_at(path)
    chance = random.Random(7)
    changes: dict[bytes, bytes | None] = {}
    while not enough.is_set():
        new = {os.urandom(KEY_OCTETS): record(2) for _ in range(20)}
        changed = {key: record(2) for key in chance.sample(keys, 20)}
        deleted = [key for key in chance.sample(keys, 3) if key not in changed]
        store.write(sorted((new | changed).items()))
        store.delete(deleted)
        changes |= new | changed | dict.fromkeys(deleted)
        store.set_value("last", b"%d" % len(changes))
        assert store.value("last") == b"%d" % len(changes)
        ready.set()
    written.put(changes)


def test_a_compaction_that_is_killed_loses_nothing_and_the_next_one_cleans_up(
    tmp_path: Path,
) -> None:
    store = open_at(tmp_path)
    records = fill(store, 30_000)
    context = multiprocessing.get_context("spawn")
    for delay in (0.0, 0.02, 0.05, 0.1):
        started = context.Event()
        killed = context.Process(target=compact_for_ever, args=(tmp_path, started))
        killed.start()
        assert started.wait(30)
        time.sleep(delay)
        assert killed.pid is not None
        os.kill(killed.pid, signal.SIGKILL)
        killed.join(30)
        records |= fill(store, 100)
        assert dict(store.scan()) == records
    assert compact(store.folder).records == len(records)
    assert dict(store.scan()) == records
    folders = [one for one in (tmp_path / "answers").iterdir() if one.is_dir()]
    assert [one.name for one in folders] == [str(store.folder.pointer())]


def compact_for_ever(path: Path, started: Event) -> None:
    store = open_at(path)
    started.set()
    while True:
        compact(store.folder)


def test_a_writer_stops_noting_for_a_compaction_that_was_killed(
    store: LmdbAnswerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 10)

    def die(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(ocsp.stored.compaction, "_copy_all", die)
    with pytest.raises(StoreUnavailable, match="No space left on device"):
        compact(store.folder)
    assert entries_noted(store) == 1
    records = fill(store, 10)
    assert entries_noted(store) == 0
    assert records.items() <= dict(store.scan()).items()


def entries_noted(store: LmdbAnswerStore) -> int:
    with store.folder.reading() as (generation, view):
        entries: int = view.stat(generation.changed)["entries"]
        return entries


def test_what_is_written_while_records_are_copied_is_copied_again(
    store: LmdbAnswerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = fill(store, 100)
    copy_all = ocsp.stored.compaction._copy_all
    changed, deleted = sorted(records)[:2]

    def copy_and_be_overtaken(*arguments: object) -> None:
        copy_all(*arguments)  # type: ignore[arg-type]
        store.write([(changed, record(2)), (os.urandom(KEY_OCTETS), record(2))])
        store.delete([deleted])

    monkeypatch.setattr(ocsp.stored.compaction, "_copy_all", copy_and_be_overtaken)
    # So few at once that several rounds are needed.
    monkeypatch.setattr(ocsp.stored.compaction, "COPIED_AT_ONCE", 2)
    assert compact(store.folder).records == 100
    found = dict(store.scan())
    assert len(found) == 100
    assert found[changed] != records[changed]
    assert deleted not in found


def test_of_two_compactions_one_is_refused(
    store: LmdbAnswerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 10)
    entered, go_on = threading.Event(), threading.Event()
    copy_all = ocsp.stored.compaction._copy_all

    def wait(*arguments: object) -> None:
        entered.set()
        assert go_on.wait(30)
        copy_all(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(ocsp.stored.compaction, "_copy_all", wait)
    first = threading.Thread(target=lambda: compact(store.folder))
    first.start()
    assert entered.wait(30)
    try:
        with pytest.raises(CompactionRuns):
            compact(store.folder)
    finally:
        go_on.set()
        first.join(30)
    assert store.folder.pointer() == 2


def test_a_disk_without_room_for_a_second_file_is_told_before(
    store: LmdbAnswerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = fill(store, 10)
    full = os.statvfs_result((4096, 4096, 100, 0, 0, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _path: full)
    with pytest.raises(StoreUnavailable, match="0 are free"):
        compact(store.folder)
    assert dict(store.scan()) == records
    assert store.folder.pointer() == 1
