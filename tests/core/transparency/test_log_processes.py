"""Several processes and threads at once, and processes that are killed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from core.database import Database
from core.transparency.log import TransparencyLog
from core.transparency.models import log_entries
from core.transparency.settings import LogSettings
from tests.core.transparency.doubles import append, naive_root

ROOT = Path(__file__).parents[3]


def _start(url: str, settings: LogSettings, name: str, transactions: int) -> subprocess.Popen[str]:
    module = "tests.core.transparency.worker"
    arguments = [url, str(settings.folder), name, str(transactions)]
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def _check_whole(log: TransparencyLog, database: Database) -> list[bytes]:
    # No gap in the database, and the published tree is that of its entries.
    checkpoint = log.publish()
    with database.read() as connection:
        rows = connection.execute(select(log_entries).order_by(log_entries.c.entry_index)).all()
    assert [row.entry_index for row in rows] == list(range(len(rows)))
    entries = [row.entry for row in rows]
    assert checkpoint.size == len(entries)
    assert checkpoint.root == naive_root(entries)
    assert [octets for _, octets in log.published.tree(checkpoint).entries()] == entries
    return entries


def test_two_processes_append_and_publish_at_once(
    tables_url: str, database: Database, log: TransparencyLog, settings: LogSettings
) -> None:
    workers = [_start(tables_url, settings, name, 60) for name in ("a", "b")]
    outputs = [worker.communicate(timeout=60)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    printed = sorted(int(line) for output in outputs for line in output.split())
    assert printed == list(range(240))
    assert len(_check_whole(log, database)) == 240


def test_the_first_appends_and_publications_may_all_come_at_once(
    database: Database, make_log: Callable[[Database], TransparencyLog]
) -> None:
    # Who waits for the lock must not judge by what was published before it began to wait.
    logs = [make_log(database) for _ in range(8)]
    begin = threading.Barrier(len(logs))

    def work(log: TransparencyLog) -> list[int]:
        begin.wait()
        return [index for _ in range(3) for index in _hand_out(log, database)]

    with ThreadPoolExecutor(len(logs)) as pool:
        indexes = [index for found in pool.map(work, logs) for index in found]
    assert sorted(indexes) == list(range(24))


def _hand_out(log: TransparencyLog, database: Database) -> list[int]:
    indexes = append(log, database, 1)
    log.ensure_published(indexes[-1])
    return indexes


def test_threads_of_one_process_append_and_publish_at_once(
    database: Database, log: TransparencyLog
) -> None:
    indexes: list[int] = []

    def work() -> None:
        for _ in range(15):
            (index,) = append(log, database, 1)
            assert log.ensure_published(index).size > index
            indexes.append(index)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(indexes) == list(range(60))
    _check_whole(log, database)


def _kill_at_random(url: str, settings: LogSettings, chance: random.Random, kill: int) -> list[int]:
    worker = _start(url, settings, f"k{kill}", 10_000)
    assert worker.stdout is not None
    printed = [int(worker.stdout.readline())]  # it has begun
    time.sleep(chance.uniform(0, 0.08))
    worker.send_signal(signal.SIGKILL)
    output, _ = worker.communicate(timeout=30)
    return printed + [int(line) for line in output.split("\n")[:-1]]


def _survive_kills(
    url: str, database: Database, log: TransparencyLog, settings: LogSettings, kills: int
) -> None:
    chance = random.Random(kills)
    handed_out: list[int] = []
    for kill in range(kills):
        handed_out += _kill_at_random(url, settings, chance, kill)
        published = log.published.checkpoint()
        assert published is not None
        assert published.size > max(handed_out)
        published_tree = log.published.tree(published)
        published_tree.check_root()
    entries = _check_whole(log, database)
    assert len(set(handed_out)) == len(handed_out)
    assert max(handed_out) < len(entries)


def test_a_process_killed_at_any_moment_loses_nothing_that_it_handed_out(
    tables_url: str, database: Database, log: TransparencyLog, settings: LogSettings
) -> None:
    _survive_kills(tables_url, database, log, settings, 5)


@pytest.mark.long
def test_many_processes_killed_at_any_moment_lose_nothing_that_they_handed_out(
    tables_url: str, database: Database, log: TransparencyLog, settings: LogSettings
) -> None:
    _survive_kills(tables_url, database, log, settings, 100)


def test_what_was_committed_and_not_published_before_a_crash_is_published_next(
    database: Database, log: TransparencyLog
) -> None:
    append(log, database, 300)
    # Killed after the tiles, before the checkpoint: the files are there, unsigned.
    published = log.publish()
    (log.published.folder / "checkpoint").unlink()
    assert log.published.checkpoint() is None
    append(log, database, 10)
    again = log.publish()
    assert (published.size, again.size) == (300, 310)
    _check_whole(log, database)
