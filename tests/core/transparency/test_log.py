"""Appending and publishing, on both databases."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from sqlalchemy import delete, select, update

from core.database import Database
from core.transparency.entry import LogEntry
from core.transparency.errors import (
    EntryTooLarge,
    LogBehindPublication,
    LogDamaged,
    LogUnavailable,
    NoSuchEntry,
)
from core.transparency.log import TransparencyLog
from core.transparency.models import log_entries
from core.transparency.settings import LogSettings
from core.transparency.tiles import tile_path
from tests.core.transparency.doubles import (
    ORIGIN,
    SoftwareSigner,
    append,
    entry,
    forget,
    naive_root,
)

MakeLog = Callable[[Database], TransparencyLog]
# Around the widths at which tiles and levels begin and end.
STEPS = (1, 1, 253, 1, 1, 255, 300, 511)


def _stored(database: Database) -> list[bytes]:
    with database.read() as connection:
        return list(
            connection.scalars(select(log_entries.c.entry).order_by(log_entries.c.entry_index))
        )


def test_indexes_have_no_gap_and_begin_at_zero(log: TransparencyLog, database: Database) -> None:
    assert append(log, database, 3) == [0, 1, 2]
    assert append(log, database, 0) == []
    assert append(log, database, 2) == [3, 4]


def test_a_transaction_that_is_given_up_leaves_no_entry_and_no_gap(
    log: TransparencyLog, database: Database
) -> None:
    append(log, database, 2)
    with pytest.raises(ZeroDivisionError), database.begin() as connection:
        log.append(connection, [entry(2)])
        raise ZeroDivisionError
    assert append(log, database, 1) == [2]


def test_one_transaction_may_append_twice(log: TransparencyLog, database: Database) -> None:
    with database.begin() as connection:
        assert log.append(connection, [entry(0)]) == [0]
        assert log.append(connection, [entry(1)]) == [1]
    assert log.publish().root == naive_root(_stored(database))


def test_every_published_root_is_that_of_the_stored_entries(
    log: TransparencyLog, database: Database
) -> None:
    for step in STEPS:
        append(log, database, step)
        checkpoint = log.publish()
        checkpoint.verify(log.key)
        entries = _stored(database)
        assert checkpoint.size == len(entries)
        assert checkpoint.root == naive_root(entries)
        tree = log.published.tree(checkpoint)
        assert [octets for _, octets in tree.entries()] == entries


def test_an_empty_log_is_published_too(log: TransparencyLog) -> None:
    checkpoint = log.publish()
    assert (checkpoint.size, checkpoint.root) == (0, naive_root([]))


def test_publishing_twice_changes_nothing(log: TransparencyLog, database: Database) -> None:
    append(log, database, 300)
    first = log.publish()
    before = (log.published.folder / "checkpoint").stat()
    assert log.publish() == first
    assert (log.published.folder / "checkpoint").stat() == before


def test_only_what_is_committed_is_published(log: TransparencyLog, database: Database) -> None:
    append(log, database, 1)
    with database.begin() as connection:
        log.append(connection, [entry(1)])
        assert log.publish().size == 1
    assert log.publish().size == 2


def test_a_covered_index_is_answered_without_publishing(
    log: TransparencyLog, database: Database
) -> None:
    append(log, database, 2)
    checkpoint = log.ensure_published(0)
    append(log, database, 2)
    assert log.ensure_published(1) == checkpoint
    assert log.ensure_published(3).size == 4


def test_another_process_s_publication_is_noticed(
    make_log: MakeLog, log: TransparencyLog, database: Database
) -> None:
    other = make_log(database)
    append(log, database, 3)
    checkpoint = other.publish()
    assert log.published.checkpoint() == checkpoint
    assert append(log, database, 1) == [3]
    assert append(other, database, 1) == [4]


def test_an_entry_too_large_for_a_bundle_is_refused(
    log: TransparencyLog, database: Database
) -> None:
    large = LogEntry("ceremony-step", entry(0).at, {"text": "x" * 65536})
    with pytest.raises(EntryTooLarge), database.begin() as connection:
        log.append(connection, [large])
    assert append(log, database, 1) == [0]


def test_nothing_is_appended_when_the_folder_is_away(
    log: TransparencyLog, database: Database
) -> None:
    append(log, database, 3)
    log.publish()
    away = log.published.folder.rename(log.published.folder.with_name("away"))
    with pytest.raises(LogUnavailable):
        append(log, database, 1)
    with pytest.raises(LogUnavailable):
        log.publish()
    away.rename(log.published.folder)
    assert append(log, database, 1) == [3]
    assert log.publish().size == 4


def test_nothing_is_appended_when_a_file_stands_in_the_folder_s_place(
    log: TransparencyLog, database: Database
) -> None:
    log.published.folder.rmdir()
    log.published.folder.write_text("")
    with pytest.raises(LogUnavailable):
        append(log, database, 1)
    with pytest.raises(LogUnavailable):
        log.publish()


def test_a_folder_that_was_emptied_is_noticed_and_can_be_rebuilt(
    make_log: MakeLog, log: TransparencyLog, database: Database
) -> None:
    append(log, database, 600)
    checkpoint = log.publish()
    append(log, database, 1)  # notes what was published
    with pytest.raises(LogUnavailable):
        log.rebuild()
    shutil.rmtree(log.published.folder)
    again = make_log(database)
    for refused in (lambda: append(again, database, 1), again.publish):
        with pytest.raises(LogUnavailable):
            refused()
    rebuilt = again.rebuild()
    assert rebuilt.size == 601
    assert len(list(again.published_entries())) == 601
    assert again.published.tree(checkpoint).entry(599) == entry(599).encode()


def test_a_database_shorter_than_the_publication_appends_and_publishes_nothing(
    make_log: MakeLog, log: TransparencyLog, database: Database
) -> None:
    append(log, database, 5)
    checkpoint = log.publish()
    forget(database, 3)
    restored = make_log(database)
    with pytest.raises(LogBehindPublication) as refusal:
        append(restored, database, 1)
    assert refusal.value.data == {"database_size": 3, "published_size": 5}
    with pytest.raises(LogBehindPublication):
        restored.publish()
    assert log.published.checkpoint() == checkpoint


def test_a_running_process_notices_that_the_database_went_back(
    log: TransparencyLog, database: Database
) -> None:
    append(log, database, 5)
    log.publish()
    append(log, database, 1)
    forget(database, 3)
    with pytest.raises(LogBehindPublication):
        append(log, database, 1)


@pytest.mark.parametrize("stored", [5, 9], ids=["as long", "longer"])
def test_a_database_with_another_history_appends_and_publishes_nothing(
    make_log: MakeLog, log: TransparencyLog, database: Database, stored: int
) -> None:
    append(log, database, 5)
    kept = log.published.folder.with_name("kept")
    log.publish()
    shutil.copytree(log.published.folder, kept)
    # The folder away, the database put back, other entries appended, the folder put back.
    forget(database, 0)
    shutil.rmtree(log.published.folder)
    append(make_log(database), database, stored, first=100)
    shutil.rmtree(log.published.folder)
    kept.rename(log.published.folder)
    forked = make_log(database)
    with pytest.raises(LogBehindPublication):
        append(forked, database, 1)
    with pytest.raises(LogBehindPublication):
        forked.publish()
    published = forked.published.checkpoint()
    assert published is not None
    assert published.size == 5


def test_a_folder_put_back_to_an_older_state_goes_on_from_there(
    make_log: MakeLog, log: TransparencyLog, database: Database
) -> None:
    append(log, database, 300)
    log.publish()
    older = shutil.copytree(log.published.folder, log.published.folder.with_name("older"))
    append(log, database, 300)
    newest = log.publish()
    append(log, database, 1)
    shutil.rmtree(log.published.folder)
    older.rename(log.published.folder)
    again = make_log(database)
    assert append(again, database, 1) == [601]
    assert again.publish().size == 602
    assert again.published.tree(newest).entry(599) == entry(299).encode()


def test_a_checkpoint_that_is_not_ours_stops_everything(
    log: TransparencyLog, database: Database
) -> None:
    append(log, database, 1)
    log.publish()
    path = log.published.folder / "checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n1\n", b"\n2\n"))
    with pytest.raises(LogDamaged):
        append(log, database, 1)
    with pytest.raises(LogDamaged):
        log.publish()


def test_a_stored_entry_that_was_lost_is_never_published_over(
    log: TransparencyLog, database: Database
) -> None:
    append(log, database, 5)
    with database.begin() as connection:
        connection.execute(delete(log_entries).where(log_entries.c.entry_index == 2))
    with pytest.raises(LogDamaged):
        log.publish()
    assert log.published.checkpoint() is None


def test_a_stored_entry_that_was_altered_is_never_signed(
    log: TransparencyLog, database: Database
) -> None:
    append(log, database, 5)
    with database.begin() as connection:
        connection.execute(
            update(log_entries)
            .where(log_entries.c.entry_index == 2)
            .values(entry=entry(9).encode())
        )
    with pytest.raises(LogDamaged):
        log.publish()
    assert log.published.checkpoint() is None


def test_a_damaged_tile_stops_the_next_publication(
    log: TransparencyLog, database: Database
) -> None:
    append(log, database, 600)
    log.publish()
    partial = log.published.folder / tile_path(1, 0, 2)
    partial.write_bytes(bytes(64))
    append(log, database, 300)
    with pytest.raises(LogDamaged):
        log.publish()


def test_partial_tiles_go_when_the_full_one_is_there(
    sqlite_log: TransparencyLog, sqlite: Database
) -> None:
    log = sqlite_log
    for count in (5, 100, 200):
        append(log, sqlite, count)
        log.publish()
    names = sorted(
        path.relative_to(log.published.folder).as_posix()
        for path in (log.published.folder / "tile").rglob("*")
        if path.is_file()
    )
    assert names == [
        "tile/0/000",
        "tile/0/001.p/49",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/49",
    ]


def test_an_older_tree_is_still_read_when_its_partial_tiles_are_gone(
    log: TransparencyLog, database: Database
) -> None:
    append(log, database, 100)
    old = log.publish()
    append(log, database, 500)
    log.publish()
    entries = [octets for _, octets in log.published.tree(old).entries()]
    assert entries == [entry(number).encode() for number in range(100)]


def test_published_entries_are_read_from_the_files_from_any_index(
    log: TransparencyLog, database: Database
) -> None:
    append(log, database, 600)
    assert list(log.published_entries()) == []
    log.publish()
    for start in (0, 1, 255, 256, 599, 600, 700):
        assert list(log.published_entries(start)) == [
            (number, entry(number)) for number in range(start, 600)
        ]


def test_an_entry_that_is_not_published_has_no_proof(
    log: TransparencyLog, database: Database
) -> None:
    append(log, database, 2)
    log.ensure_published(0)
    append(log, database, 1)
    for index in (-1, 2, 3):
        with pytest.raises(NoSuchEntry):
            log.proof(index)


def test_a_key_of_another_name_than_the_origin_is_refused(
    sqlite: Database, settings: LogSettings, clock: object
) -> None:
    with pytest.raises(ValueError, match="origin"):
        TransparencyLog(
            database=sqlite,
            settings=settings,
            signer=SoftwareSigner(ORIGIN + "x"),
            clock=clock,  # type: ignore[arg-type]
        )


def test_the_sizes_tell_how_far_publication_is(log: TransparencyLog, database: Database) -> None:
    append(log, database, 2)
    log.publish()
    append(log, database, 1)
    assert log.sizes() == {"stored": 3, "published": 2, "witnessed": 0}
