"""An old backup of the database catches up with what was published."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, func, select

from core.database import Database
from core.transparency.catching_up import BATCH
from core.transparency.entry import LogEntry
from core.transparency.errors import LogBehindPublication, LogDamaged
from core.transparency.log import TransparencyLog
from core.transparency.models import log_entries
from core.transparency.tiles import bundle_path
from tests.core.transparency.doubles import append, entry, forget

MakeLog = Callable[[Database], TransparencyLog]


class Replay:
    """Collects what it is given, and fails where it is told to."""

    def __init__(self, fail_at: int | None = None) -> None:
        self.seen: list[tuple[int, LogEntry]] = []
        self._fail_at = fail_at

    def __call__(self, connection: Connection, index: int, entry: LogEntry) -> None:
        assert connection.in_transaction()
        if index == self._fail_at:
            raise ZeroDivisionError
        self.seen.append((index, entry))


@pytest.mark.parametrize("backup", [0, 3, 256, 1000])
def test_a_restored_backup_replays_exactly_what_it_lacks(
    make_log: MakeLog, log: TransparencyLog, database: Database, backup: int
) -> None:
    append(log, database, 1400)
    checkpoint = log.publish()
    forget(database, backup)
    restored, replay = make_log(database), Replay()
    assert restored.catch_up(replay) == 1400 - backup
    assert replay.seen == [(number, entry(number)) for number in range(backup, 1400)]
    assert restored.publish() == checkpoint
    assert append(restored, database, 1, first=1400) == [1400]
    assert restored.publish().size == 1401


def test_a_database_that_is_up_to_date_has_nothing_to_replay(
    log: TransparencyLog, database: Database
) -> None:
    replay = Replay()
    assert log.catch_up(replay) == 0
    append(log, database, 3)
    log.publish()
    append(log, database, 3)
    assert log.catch_up(replay) == 0
    assert replay.seen == []


def test_an_interrupted_catch_up_goes_on_at_the_last_whole_batch(
    make_log: MakeLog, log: TransparencyLog, database: Database
) -> None:
    append(log, database, BATCH + 20)
    log.publish()
    forget(database, 0)
    restored = make_log(database)
    with pytest.raises(ZeroDivisionError):
        restored.catch_up(Replay(fail_at=BATCH + 5))
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(log_entries)) == BATCH
    with pytest.raises(LogBehindPublication):
        append(restored, database, 1)
    replay = Replay()
    assert restored.catch_up(replay) == 20
    assert [index for index, _ in replay.seen] == list(range(BATCH, BATCH + 20))


def test_another_history_does_not_catch_up(
    make_log: MakeLog, log: TransparencyLog, database: Database
) -> None:
    append(log, database, 10)
    log.publish()
    forget(database, 0)
    away = log.published.folder.rename(log.published.folder.with_name("away"))
    other = make_log(database)
    append(other, database, 4, first=50)
    other.published.folder.rmdir()
    away.rename(log.published.folder)
    replay = Replay()
    with pytest.raises(LogBehindPublication):
        make_log(database).catch_up(replay)
    assert replay.seen == []


def test_a_damaged_bundle_is_not_replayed(
    make_log: MakeLog, log: TransparencyLog, database: Database
) -> None:
    append(log, database, 10)
    log.publish()
    forget(database, 5)
    path = log.published.folder / bundle_path(0, 10)
    path.write_bytes(path.read_bytes().replace(b'"number":7', b'"number":8'))
    replay = Replay()
    with pytest.raises(LogDamaged):
        make_log(database).catch_up(replay)
    assert replay.seen == []
