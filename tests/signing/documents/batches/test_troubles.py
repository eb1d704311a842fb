"""What a worker does when something is wrong: with one batch, one document, or the disk."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from core.errors import Unavailable
from signing.documents.batches import working
from signing.documents.batches.batch import BatchState, DocumentBatch, DocumentState
from signing.documents.batches.claims import CLAIMED_AT_ONCE
from signing.documents.batches.models import document_batches
from signing.documents.batches.working import BatchSigning
from signing.documents.errors import OutputRefused, StorageUnavailable
from signing.documents.whole_files import whole_file
from tests.signing.documents.batches.test_batches import (
    PROGRAM,
    filled,
    opened,
    problem_of,
    put,
    worked,
)
from tests.signing.documents.pdfs import one_page
from tests.signing.documents.test_routes import V1, Whoever
from tests.signing.documents.world import World

SHORTLY = timedelta(milliseconds=1)


def state_of(world: World, batch: DocumentBatch) -> BatchState:
    return world.services.documents.batches.find(batch.id, PROGRAM).state


def source_of(world: World, batch: DocumentBatch, number: int) -> Path:
    documents = world.services.documents
    known = documents.batches.document(batch.id, number, PROGRAM)
    return documents.batch_files.source(batch.id, number, known.sha256)


def failing(worker: BatchSigning, name: str, error: Exception) -> Callable[..., object]:
    """Return a ``sign`` that fails for sources of this name and is the real one for others."""
    real = worker._paths.sign

    def sign(source: Path, *others: object) -> object:
        if name in str(source):
            raise error
        return real(source, *others)  # type: ignore[arg-type]

    return sign


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_full_disk_is_a_part_that_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def full(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageUnavailable), whole_file(tmp_path / "result") as file:
        file.write(b"some")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputRefused), whole_file(tmp_path / "no-folder" / "result"):
        pass


def test_a_document_is_put_up_again_once_the_disk_has_room(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = opened(world, 1)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert problem_of(put, world, batch, 1, one_page()) == "storage-unavailable"
    put(world, batch, 1, one_page())
    world.services.documents.batches.close(batch.id, PROGRAM)
    worked(world)
    assert state_of(world, batch) is BatchState.DONE


def test_documents_wait_while_the_disk_is_full(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = filled(world, 1)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StorageUnavailable):
            world.services.documents.batch_signing().go_on()
    worked(world)
    found = world.services.documents.batches.find(batch.id, PROGRAM)
    assert found.counts == {DocumentState.SIGNED: 1}


def test_a_batch_whose_part_is_away_rests_and_another_is_signed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, younger = filled(world, 2), filled(world, 2)
    worker = world.services.documents.batch_signing(rests_for=timedelta(seconds=0.5))
    with monkeypatch.context() as patched:
        sign = failing(worker, older.id, Unavailable("The token is away."))
        patched.setattr(worker._paths, "sign", sign)
        assert worker.go_on() == 2
    assert state_of(world, younger) is BatchState.DONE
    assert state_of(world, older) is BatchState.SIGNING
    assert worker.go_on() == 0
    time.sleep(0.6)
    assert worker.go_on() == 2
    assert state_of(world, older) is BatchState.DONE


def test_a_large_batch_lets_another_institutions_through_after_one_claim(world: World) -> None:
    large, small = filled(world, CLAIMED_AT_ONCE + 1), filled(world, 1)
    with world.services.database.begin() as connection:
        connection.execute(
            update(document_batches)
            .where(document_batches.c.id == small.id)
            .values(submitter="client:another")
        )
    worker = world.services.documents.batch_signing()
    assert [worker.go_on() for _ in range(3)] == [CLAIMED_AT_ONCE, 1, 1]
    another = replace(PROGRAM, id="client:another")
    batches = world.services.documents.batches
    assert batches.find(small.id, another).state is BatchState.DONE
    assert state_of(world, large) is BatchState.DONE


def test_a_document_whose_file_is_lost_is_refused_and_the_others_are_signed(world: World) -> None:
    batch = filled(world, 3)
    source_of(world, batch, 2).unlink()
    worked(world)
    batches = world.services.documents.batches
    found = batches.find(batch.id, PROGRAM)
    assert found.counts == {DocumentState.SIGNED: 2, DocumentState.REFUSED: 1}
    assert batches.document(batch.id, 2, PROGRAM).problem == "batch-document-lost"


def test_while_the_folder_of_all_documents_is_away_none_is_refused(world: World) -> None:
    batch = filled(world, 1)
    folder = source_of(world, batch, 1).parent
    moved = folder.rename(folder.with_name("moved"))
    with pytest.raises(Unavailable):
        world.services.documents.batch_signing().go_on()
    moved.rename(folder)
    worked(world)
    assert state_of(world, batch) is BatchState.DONE


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, os.strerror(errno.EACCES)),
        OSError(errno.EIO, os.strerror(errno.EIO)),
        OutputRefused("/somewhere/1.out cannot be written."),
    ],
)
def test_while_the_folder_of_all_documents_is_closed_to_us_a_batch_rests_and_none_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    batch = filled(world, 2)
    worker = world.services.documents.batch_signing(rests_for=SHORTLY)
    with monkeypatch.context() as patched:
        patched.setattr(worker._paths, "sign", failing(worker, batch.id, error))
        for _ in range(working.TRIES + 1):
            with pytest.raises(StorageUnavailable) as refusal:
                worker.go_on()
            assert "/somewhere" not in refusal.value.detail
            time.sleep(0.01)
    assert worker.go_on() == 2
    assert state_of(world, batch) is BatchState.DONE


def test_a_signed_document_cannot_be_fetched_while_the_folder_is_away_and_is_not_lost(
    world: World,
) -> None:
    batch = filled(world, 1)
    worked(world)
    caller = Whoever()
    caller.principal_now = PROGRAM
    parts = replace(app_parts(world.services), session_sign_in=caller)
    http = create_app(parts, Listener.PUBLIC).test_client()
    folder = world.services.documents.batches.signed(batch.id, 1, PROGRAM).parent
    moved = folder.rename(folder.with_name("moved"))
    path = f"{V1}/batches/{batch.id}/documents/1"
    answer = http.get(path)
    moved.rename(folder)
    assert (answer.status_code, answer.get_json()["type"].rpartition("/")[2]) == (
        503,
        "storage-unavailable",
    )
    assert http.get(path).status_code == 200


def test_what_was_put_up_in_vain_and_cannot_be_erased_is_no_fault(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, batches = opened(world, 1), world.services.documents.batches

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def overtaken(*_: object) -> None:
        monkeypatch.undo()
        put(world, batch, 1, one_page(2))
        monkeypatch.setattr(Path, "unlink", refuse)

    monkeypatch.setattr(batches, "_known", overtaken)
    assert problem_of(put, world, batch, 1, one_page()) == "batch-document-differs"


def test_a_document_that_fails_again_and_again_is_refused_at_last_and_noted_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = filled(world, 3)
    name = source_of(world, batch, 2).name
    worker = world.services.documents.batch_signing(rests_for=SHORTLY)
    monkeypatch.setattr(worker._paths, "sign", failing(worker, name, RuntimeError("a fault")))
    with capture_logs() as noted:
        assert worker.go_on() == 2
        assert state_of(world, batch) is BatchState.SIGNING
        deadline = time.monotonic() + 20
        while state_of(world, batch) is BatchState.SIGNING:
            assert time.monotonic() < deadline
            worker.go_on()
    assert [one["event"] for one in noted].count("document-failed") == 1
    refused = world.services.documents.batches.document(batch.id, 2, PROGRAM)
    assert refused.problem == "batch-document-failed"
    assert str(working.TRIES) in str(refused.detail)


def test_a_document_that_failed_once_is_signed_by_the_next_try(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = filled(world, 1)
    worker = world.services.documents.batch_signing(rests_for=SHORTLY)
    with monkeypatch.context() as patched:
        patched.setattr(worker._paths, "sign", failing(worker, batch.id, RuntimeError("a fault")))
        with monkeypatch.context() as once:
            once.setattr(worker._claims, "take", [None, worker._claims.take()].pop)
            assert worker.go_on() == 0
    time.sleep(0.01)
    assert worker.go_on() == 1
    assert state_of(world, batch) is BatchState.DONE
