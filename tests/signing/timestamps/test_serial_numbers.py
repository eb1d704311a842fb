"""No serial number comes twice: not in threads, processes, after a crash, or after a restore."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core.clock import Clock, SystemClock
from core.database import Database
from signing.timestamps.serial_numbers import SerialNumbers

PROGRAM = """
import sys
from core.clock import SystemClock
from core.database import Database
from signing.timestamps.serial_numbers import SerialNumbers
numbers = SerialNumbers(database=Database(sys.argv[1]), clock=SystemClock(), block=7)
print(*(numbers.next() for _ in range(100)))
"""


def numbers(database: Database, block: int = 1000) -> SerialNumbers:
    return SerialNumbers(database=database, clock=SystemClock(), block=block)


def test_numbers_are_positive_and_have_at_most_160_bits(database: Database) -> None:
    drawn = [numbers(database).next() for _ in range(3)]

    assert all(0 < one < 2**159 for one in drawn)


def test_within_a_block_they_are_counted_and_the_database_is_not_asked(
    database: Database,
) -> None:
    source = numbers(database, block=100)
    first = source.next()
    database.close()
    database.begin = None  # type: ignore[assignment,method-assign]

    assert [source.next() for _ in range(99)] == [first + place for place in range(1, 100)]


def test_many_threads_get_different_numbers(database: Database) -> None:
    source = numbers(database, block=13)

    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda _: source.next(), range(1000)))

    assert len(set(drawn)) == 1000


def test_many_processes_get_different_numbers_and_their_ends_lose_no_block(
    tables_url: str,
) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    children = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, tables_url],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    drawn = [number for child in children for number in child.communicate(timeout=60)[0].split()]

    assert len(drawn) == len(set(drawn)) == 400


def test_a_new_process_never_continues_the_block_of_one_that_died(database: Database) -> None:
    before = [numbers(database).next() for _ in range(5)]

    assert len(set(before)) == 5


def test_a_forked_child_takes_a_block_of_its_own(sqlite: Database) -> None:
    source = numbers(sqlite)
    source.next()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, str(source.next()).encode())
        os._exit(0)
    os.waitpid(child, 0)

    assert int(os.read(reading, 100)) != source.next()
    os.close(reading)
    os.close(writing)


def test_a_database_restored_from_an_old_backup_repeats_nothing(
    sqlite: Database, tmp_path: Path, clock: Clock
) -> None:
    numbers(sqlite).next()
    file = Path(sqlite.engine.url.database or "")
    sqlite.close()
    shutil.copyfile(file, tmp_path / "backup")
    lost = [numbers(sqlite).next() for _ in range(3)]
    sqlite.close()
    restored = Database(f"sqlite:///{tmp_path / 'backup'}")

    again = [numbers(restored).next() for _ in range(3)]

    restored.close()
    assert not set(lost) & set(again)
