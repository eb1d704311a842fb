"""The monitor: clean on an honest log, and each broken promise found by name."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, update

from core.database import Database
from core.transparency.comparison import Act, ActsView
from core.transparency.entry import LogEntry
from core.transparency.log import TransparencyLog
from core.transparency.models import log_entries, log_state
from core.transparency.monitor import Monitor
from core.transparency.settings import LogSettings
from core.transparency.tiles import bundle_path, tile_path
from tests.conftest import SettableClock
from tests.core.transparency.doubles import append, entry, forget

MakeMonitor = Callable[..., Monitor]


class Certificates:
    """A view as ca has one: certificates by number, which may be revoked later."""

    name = "certificates"

    def __init__(self, states: dict[int, str]) -> None:
        self.states = states

    def act_of(self, entry: LogEntry) -> Act | None:
        if entry.kind not in ("certificate-issued", "certificate-revoked"):
            return None
        return Act(f"certificate {entry.facts['number']}", entry.kind)

    def stored_acts(self, connection: Connection) -> Iterable[Act]:
        return [Act(f"certificate {number}", state) for number, state in self.states.items()]


@pytest.fixture
def make_monitor(
    database: Database, log: TransparencyLog, settings: LogSettings, clock: SettableClock
) -> MakeMonitor:
    def make(*views: ActsView, watched: TransparencyLog = log) -> Monitor:
        return Monitor(
            database=database,
            published=watched.published,
            folder=settings.monitor_folder,
            views=views,
            clock=clock,
        )

    return make


def _kinds(monitor: Monitor) -> set[str]:
    return {finding.kind for finding in monitor.run().findings}


def test_an_honest_log_is_found_clean_as_it_grows(
    log: TransparencyLog, database: Database, make_monitor: MakeMonitor
) -> None:
    assert make_monitor().run().is_clean
    for count in (1, 255, 300, 0, 600):
        append(log, database, count)
        log.publish()
        report = make_monitor().run()
        assert report.findings == []
        assert report.published == report.stored
    append(log, database, 2)
    report = make_monitor().run()
    assert (report.is_clean, report.published, report.stored) == (True, 1156, 1158)


def test_a_view_that_agrees_is_clean_before_and_after_publication(
    log: TransparencyLog, database: Database, make_monitor: MakeMonitor
) -> None:
    states = dict.fromkeys(range(300), "certificate-issued")
    view = Certificates(states)
    append(log, database, 300)
    assert make_monitor(view).run().findings == []
    log.publish()
    with database.begin() as connection:
        log.append(connection, [entry(7, "certificate-revoked"), entry(1, "crl-issued")])
    states[7] = "certificate-revoked"
    assert make_monitor(view).run().findings == []


def test_acts_without_entries_and_entries_without_acts_are_found(
    log: TransparencyLog, database: Database, make_monitor: MakeMonitor
) -> None:
    append(log, database, 3)
    log.publish()
    states = {0: "certificate-issued", 1: "certificate-revoked", 9: "certificate-issued"}
    report = make_monitor(Certificates(states)).run()
    assert {(one.kind, one.detail.split(" is ")[0]) for one in report.findings} == {
        ("act-not-stored", "certificates: certificate 2"),
        ("act-not-logged", "certificates: certificate 9"),
        ("act-differs", "certificates: certificate 1"),
    }


def _alter(path: Path) -> None:
    octets = bytearray(path.read_bytes())
    octets[-1] ^= 1
    path.write_bytes(octets)


@pytest.mark.parametrize(
    "file",
    [
        bundle_path(0),
        bundle_path(2, 88),
        tile_path(0, 0),
        tile_path(0, 1),
        tile_path(0, 2, 88),
        tile_path(1, 0, 2),
    ],
    ids=str,
)
def test_an_altered_published_file_is_found(
    log: TransparencyLog, database: Database, make_monitor: MakeMonitor, file: Path
) -> None:
    append(log, database, 600)
    log.publish()
    _alter(log.published.folder / file)
    assert "publication-damaged" in _kinds(make_monitor())


def test_a_missing_published_file_is_found(
    log: TransparencyLog, database: Database, make_monitor: MakeMonitor
) -> None:
    append(log, database, 600)
    log.publish()
    (log.published.folder / bundle_path(1)).unlink()
    assert _kinds(make_monitor()) == {"publication-damaged"}


def test_an_altered_checkpoint_is_found(
    log: TransparencyLog, database: Database, make_monitor: MakeMonitor
) -> None:
    append(log, database, 6)
    log.publish()
    path = log.published.folder / "checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n6\n", b"\n5\n"))
    assert "checkpoint-invalid" in _kinds(make_monitor())


def test_a_log_that_took_entries_back_is_found(
    log: TransparencyLog,
    database: Database,
    make_log: Callable[[Database], TransparencyLog],
    make_monitor: MakeMonitor,
) -> None:
    append(log, database, 6)
    log.publish()
    assert make_monitor().run().is_clean
    shutil.rmtree(log.published.folder)
    forget(database, 4)
    other = make_log(database)
    assert _kinds(make_monitor(watched=other)) == {"rolled-back"}
    other.publish()
    assert _kinds(make_monitor(watched=other)) == {"rolled-back"}


@pytest.mark.parametrize("size", [6, 9])
def test_a_log_that_was_rewritten_is_found(
    log: TransparencyLog,
    database: Database,
    make_log: Callable[[Database], TransparencyLog],
    make_monitor: MakeMonitor,
    size: int,
) -> None:
    append(log, database, 6)
    log.publish()
    assert make_monitor().run().is_clean
    shutil.rmtree(log.published.folder)
    forget(database, 4)
    other = make_log(database)
    append(other, database, size - 4, first=50)
    other.publish()
    assert _kinds(make_monitor(watched=other)) == {"forked"}


def test_a_stored_entry_that_was_altered_is_found(
    log: TransparencyLog, database: Database, make_monitor: MakeMonitor
) -> None:
    append(log, database, 6)
    log.publish()
    with database.begin() as connection:
        connection.execute(
            update(log_entries)
            .where(log_entries.c.entry_index == 3)
            .values(entry=entry(9).encode())
        )
    assert _kinds(make_monitor()) == {"entry-differs", "tree-differs"}


def test_a_stored_entry_that_was_deleted_is_found(
    log: TransparencyLog, database: Database, make_monitor: MakeMonitor
) -> None:
    append(log, database, 6)
    log.publish()
    with database.begin() as connection:
        connection.execute(delete(log_entries).where(log_entries.c.entry_index == 5))
    assert _kinds(make_monitor()) == {"entries-missing", "entry-not-stored", "tree-differs"}


def test_an_unpublished_entry_that_is_unreadable_is_found(
    log: TransparencyLog, database: Database, make_monitor: MakeMonitor
) -> None:
    append(log, database, 2)
    with database.begin() as connection:
        connection.execute(
            update(log_entries).where(log_entries.c.entry_index == 1).values(entry=b"{}")
        )
    assert _kinds(make_monitor()) == {"entry-unreadable", "tree-differs"}


def test_a_database_put_back_to_an_older_state_is_found(
    log: TransparencyLog, database: Database, make_monitor: MakeMonitor
) -> None:
    append(log, database, 6)
    log.publish()
    forget(database, 4)
    assert _kinds(make_monitor()) == {"entry-not-stored"}


def test_a_stored_tree_that_was_altered_is_found(
    log: TransparencyLog, database: Database, make_monitor: MakeMonitor
) -> None:
    append(log, database, 4)
    with database.begin() as connection:
        connection.execute(update(log_state).values(edge=bytes(32)))
    assert _kinds(make_monitor()) == {"tree-differs"}


def test_a_damaged_memory_is_found_and_not_overwritten(
    log: TransparencyLog, database: Database, make_monitor: MakeMonitor, settings: LogSettings
) -> None:
    append(log, database, 4)
    log.publish()
    make_monitor().run()
    (memory,) = settings.monitor_folder.glob("*.checkpoint")
    memory.write_bytes(b"")
    assert _kinds(make_monitor()) == {"memory-damaged"}
    assert _kinds(make_monitor()) == {"memory-damaged"}
