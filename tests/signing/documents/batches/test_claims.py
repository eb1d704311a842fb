"""Which documents are claimed, and what is erased, on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, select, update

from core.clock import SystemClock
from core.database import Database
from signing.documents.batches.batch import BatchState, DocumentState, write_wishes
from signing.documents.batches.claims import CLAIMED_AT_ONCE, Claims
from signing.documents.batches.files import BatchFiles
from signing.documents.batches.models import (
    batch_document_texts,
    batch_documents,
    document_batch_stamps,
    document_batches,
)
from signing.documents.batches.retention import BatchRetention
from signing.documents.batches.stamps import store_stamp, store_texts
from signing.documents.levels import Level
from signing.documents.options import SigningOptions
from signing.documents.stamps.order import StampOrder, StampTexts

CLOCK = SystemClock()
STAMP = StampOrder.model_validate({"place": {"x": 15, "y": 15, "width": 140, "height": 55}})


def add(
    database: Database, name: str, documents: int, institution: str | None, submitter: str = "a"
) -> None:
    """Add a batch that is to be signed."""
    with database.begin() as connection:
        connection.execute(
            insert(document_batches).values(
                id=name,
                submitter=submitter,
                institution=institution,
                seal="seal",
                wishes=write_wishes(SigningOptions(Level.B_T)),
                state=BatchState.SIGNING,
                documents=documents,
                opened_at=CLOCK.now(),
                salt=bytes(32),
                log_index=1,
            )
        )
        for number in range(1, documents + 1):
            connection.execute(
                insert(batch_documents).values(
                    batch=name,
                    number=number,
                    sha256=bytes(32),
                    octets=1,
                    state=DocumentState.WAITING,
                )
            )


def worker(database: Database, holder: str, **options: timedelta) -> Claims:
    return Claims(database=database, clock=CLOCK, holder=holder, **options)


def claimed(claims: Claims) -> list[tuple[str, int]]:
    """Return what is claimed until nothing is left: each batch, and how many of its documents."""
    found = []
    while (claim := claims.take()) is not None:
        found.append((claim.batch.id, len(claim.documents)))
    return found


def test_institutions_and_programs_without_one_are_served_in_turn(database: Database) -> None:
    add(database, "1", CLAIMED_AT_ONCE * 2 + 1, "moh")
    add(database, "2", 1, "moh")
    add(database, "3", 2, "moe")
    add(database, "4", 1, None, "b")
    assert claimed(worker(database, "one")) == [
        ("1", CLAIMED_AT_ONCE),
        ("3", 2),
        ("4", 1),
        ("1", CLAIMED_AT_ONCE),
        ("1", 1),
        ("2", 1),
    ]


def test_what_one_worker_claimed_another_does_not_until_it_is_given_back(
    database: Database,
) -> None:
    add(database, "1", 2, "moh")
    one, other = worker(database, "one"), worker(database, "other")
    assert one.take() is not None
    assert other.take() is None
    other.give_back()
    assert other.take() is None
    one.give_back()
    assert claimed(other) == [("1", 2)]


def test_a_resting_batch_is_left_alone_for_a_while(database: Database) -> None:
    add(database, "1", 1, "moh")
    add(database, "2", 1, "moh")
    claims = worker(database, "one", rests_for=timedelta(hours=1))
    claims.rest("1")
    assert claimed(claims) == [("2", 1)]
    brief = worker(database, "brief", rests_for=timedelta(0))
    brief.rest("1")
    assert claimed(brief) == [("1", 1)]


def test_a_postponed_document_waits_and_the_rest_of_its_batch_does_not(database: Database) -> None:
    add(database, "1", 3, "moh")
    claims = worker(database, "one", rests_for=timedelta(hours=1))
    assert claims.take() is not None
    claims.postpone("1", 2, 1)
    claims.give_back()
    again = claims.take()
    assert again is not None
    assert [number for number, _ in again.documents] == [1, 3]


def test_files_of_batches_that_ended_long_ago_are_erased_and_no_others(
    database: Database, tmp_path: Path
) -> None:
    now, days = CLOCK.now(), timedelta(days=1)
    for name, ago in (("1", 31 * days), ("2", 29 * days), ("3", None)):
        add(database, name, 1, "moh")
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.out").write_bytes(b"signed")
        if ago is not None:
            with database.begin() as connection:
                connection.execute(
                    update(document_batches)
                    .where(document_batches.c.id == name)
                    .values(state=BatchState.DONE, finished_at=now - ago)
                )
    (tmp_path / "nobodys").mkdir()
    files = BatchFiles(tmp_path)
    retention = BatchRetention(database=database, files=files, kept=30 * days, clock=CLOCK)
    assert retention.erase_old() == 1
    assert files.held() == ["2", "3", "nobodys"]
    nowhere = BatchFiles(tmp_path / "nowhere")
    assert BatchRetention(database=database, files=nowhere, kept=days, clock=CLOCK).erase_old() == 0


def test_stamps_of_batches_that_ended_long_ago_are_forgotten_also_where_no_folder_ever_was(
    database: Database, tmp_path: Path
) -> None:
    days = timedelta(days=1)
    for name, ago in (("1", 31 * days), ("2", 29 * days), ("3", None)):
        add(database, name, 1, "moh")
        with database.begin() as connection:
            store_stamp(connection, name, STAMP.model_dump_json())
            store_texts(connection, name, 1, StampTexts(number="12"))
            if ago is not None:
                connection.execute(
                    update(document_batches)
                    .where(document_batches.c.id == name)
                    .values(state=BatchState.CANCELLED, finished_at=CLOCK.now() - ago)
                )
    nowhere = BatchFiles(tmp_path / "nowhere")
    kept = 30 * days
    assert BatchRetention(database=database, files=nowhere, kept=kept, clock=CLOCK).erase_old() == 0
    with database.read() as connection:
        assert set(connection.scalars(select(document_batch_stamps.c.batch))) == {"2", "3"}
        assert set(connection.scalars(select(batch_document_texts.c.batch))) == {"2", "3"}
