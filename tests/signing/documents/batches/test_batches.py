"""Batches of documents: put up, closed, signed by workers that are killed, fetched."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.access import Principal, Role
from core.errors import CamtrustError, Unavailable
from core.idempotency import new_act_id
from signing.documents.batches.batch import BatchState, DocumentBatch, DocumentState
from signing.documents.batches.models import batch_documents
from signing.documents.batches.working import BatchSigning
from signing.documents.levels import Level
from signing.documents.options import Placement, SigningOptions
from tests.signing.documents.pdfs import one_page
from tests.signing.documents.test_signatures import signatures
from tests.signing.documents.world import World

PROGRAM = Principal("client:test", Role.SERVICE)
ANOTHER = Principal("client:another", Role.SERVICE)
B_B = SigningOptions(Level.B_B)


def opened(world: World, documents: int, options: SigningOptions = B_B) -> DocumentBatch:
    return world.services.documents.batches.open(
        batch_id=new_act_id(world.services.clock.now()),
        by=PROGRAM,
        seal="seal",
        documents=documents,
        options=options,
    )


def put(world: World, batch: DocumentBatch, number: int, pdf: bytes) -> None:
    world.services.documents.batches.put(batch.id, number, io.BytesIO(pdf), PROGRAM)


def filled(world: World, documents: int) -> DocumentBatch:
    batch = opened(world, documents)
    for number in range(1, documents + 1):
        put(world, batch, number, one_page(number))
    return world.services.documents.batches.close(batch.id, PROGRAM)


def problem_of(act: object, *arguments: object) -> str:
    with pytest.raises(CamtrustError) as refusal:
        act(*arguments)  # type: ignore[operator]
    return refusal.value.problem


def worked(world: World, **options: object) -> BatchSigning:
    worker = world.services.documents.batch_signing(**options)  # type: ignore[arg-type]
    while worker.go_on():
        pass
    return worker


def test_a_batch_is_signed_and_each_document_is_fetched(world: World) -> None:
    batches = world.services.documents.batches
    batch = opened(world, 3, SigningOptions(Level.B_LT, reason="Approved"))
    put(world, batch, 1, one_page())
    put(world, batch, 2, b"no PDF at all")
    put(world, batch, 3, one_page(100))
    before = world.services.log.sizes()
    batches.close(batch.id, PROGRAM)
    worked(world)
    found = batches.find(batch.id, PROGRAM)
    assert found.state is BatchState.DONE
    assert found.counts == {DocumentState.SIGNED: 2, DocumentState.REFUSED: 1}
    one, two, three = batches.documents(batch.id, PROGRAM, limit=10)
    assert (two.state, two.problem) == (DocumentState.REFUSED, "pdf-broken")
    assert problem_of(batches.signed, batch.id, 2, PROGRAM) == "batch-document-unknown"
    for document in (one, three):
        pdf = batches.signed(batch.id, document.number, PROGRAM).read_bytes()
        [signature] = signatures(pdf).values()
        assert signature.sig_object["/Reason"] == "Approved"
    assert world.services.log.sizes() != before


def test_what_is_asked_for_is_kept_as_it_was_asked(world: World) -> None:
    wishes = SigningOptions(
        Level.B_LTA, field="Seal", placement=Placement(-1, (1.5, 2, 3, 4)), certify=2, reason="ក"
    )
    assert opened(world, 1, wishes).options == wishes


def test_a_batch_is_anothers_to_nobody(world: World) -> None:
    batches, batch = world.services.documents.batches, opened(world, 1)
    for act in (batches.find, batches.close, batches.cancel):
        assert problem_of(act, batch.id, ANOTHER) == "document-batch-unknown"
    assert problem_of(batches.document, batch.id, 1, ANOTHER) == "document-batch-unknown"
    of_a_ministry = replace(PROGRAM, institution="moh")
    with pytest.raises(CamtrustError) as refusal:
        batches.open(batch_id="0" * 32, by=of_a_ministry, seal="seal", documents=1, options=B_B)
    assert refusal.value.problem == "signer-unknown"


def test_a_document_is_put_up_once_under_its_number(world: World) -> None:
    batches, batch = world.services.documents.batches, opened(world, 2)
    put(world, batch, 1, one_page())
    put(world, batch, 1, one_page())
    assert problem_of(put, world, batch, 1, one_page(1)) == "batch-document-differs"
    assert problem_of(put, world, batch, 3, one_page()) == "batch-document-unknown"
    assert problem_of(batches.close, batch.id, PROGRAM) == "document-batch-incomplete"
    put(world, batch, 2, one_page())
    assert batches.close(batch.id, PROGRAM).state is BatchState.SIGNING
    assert batches.close(batch.id, PROGRAM).state is BatchState.SIGNING
    worked(world)
    put(world, batch, 2, one_page())


def test_a_cancelled_batch_keeps_what_was_signed_and_signs_no_more(world: World) -> None:
    batches, batch = world.services.documents.batches, opened(world, 1)
    put(world, batch, 1, one_page())
    cancelled = batches.cancel(batch.id, PROGRAM)
    assert cancelled.counts == {DocumentState.DROPPED: 1}
    assert batches.cancel(batch.id, PROGRAM).state is BatchState.CANCELLED
    assert problem_of(batches.close, batch.id, PROGRAM) == "document-batch-closed"
    # Opened again under its id, it is the cancelled one.
    again = batches.open(batch_id=batch.id, by=PROGRAM, seal="seal", documents=1, options=B_B)
    assert again.state is BatchState.CANCELLED
    worked(world)
    assert batches.document(batch.id, 1, PROGRAM).state is DocumentState.DROPPED


class Overtaken(io.BytesIO):
    """A document during whose upload another is put up under its number."""

    def __init__(self, content: bytes, other: Callable[[], None]) -> None:
        super().__init__(content)
        self._other = [other]

    def read(self, size: int | None = -1) -> bytes:
        if self._other:
            self._other.pop()()
        return super().read(size)


def test_of_two_documents_under_one_number_the_recorded_one_is_signed(world: World) -> None:
    batches = world.services.documents.batches
    batch = opened(world, 1)
    first, second = one_page(1), one_page(2)
    late = Overtaken(second, lambda: put(world, batch, 1, first))
    assert problem_of(batches.put, batch.id, 1, late, PROGRAM) == "batch-document-differs"
    batches.close(batch.id, PROGRAM)
    worked(world)
    signed = batches.signed(batch.id, 1, PROGRAM).read_bytes()
    assert signed.startswith(first)


def test_the_same_document_put_up_twice_at_once_is_taken(world: World) -> None:
    batch = opened(world, 1)
    again = Overtaken(one_page(1), lambda: put(world, batch, 1, one_page(1)))
    taken = world.services.documents.batches.put(batch.id, 1, again, PROGRAM)
    assert taken.state is DocumentState.WAITING


def test_a_result_that_is_whole_is_not_signed_again(world: World) -> None:
    batch = filled(world, 1)
    documents = world.services.documents
    with documents.batch_files.working(batch.id, 1) as partial:
        known = documents.batches.document(batch.id, 1, PROGRAM)
        source = documents.batch_files.source(batch.id, 1, known.sha256)
        documents.paths.sign(source, partial, world.seal, batch.options)
        documents.batch_files.settle(batch.id, 1, partial)
        whole = partial.read_bytes()
        assert not documents.batch_files.settle(batch.id, 1, partial)
    worked(world)
    assert documents.batches.signed(batch.id, 1, PROGRAM).read_bytes() == whole


def test_what_is_claimed_waits_until_the_claim_is_over(world: World) -> None:
    batch = filled(world, 2)
    worker = world.services.documents.batch_signing(claimed_for=timedelta(seconds=0.3))
    claim = worker._claims.take()
    assert claim is not None
    assert len(claim.documents) == 2
    assert world.services.documents.batch_signing().go_on() == 0
    time.sleep(0.4)
    assert world.services.documents.batch_signing().go_on() == 2
    assert world.services.documents.batches.find(batch.id, PROGRAM).state is BatchState.DONE


def test_while_a_part_is_away_documents_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = filled(world, 1)
    worker = world.services.documents.batch_signing()

    def away(*_: object) -> None:
        raise Unavailable("The token is away.")

    with monkeypatch.context() as patched:
        patched.setattr(worker._paths, "sign", away)
        with pytest.raises(Unavailable):
            worker.go_on()
    assert worked(world)
    assert world.services.documents.batches.find(batch.id, PROGRAM).state is BatchState.DONE


def test_two_workers_at_once_sign_each_document_once(world: World) -> None:
    batch = filled(world, 60)
    threads = [threading.Thread(target=worked, args=(world,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    check_whole(world, batch, 60)


def test_a_worker_killed_in_a_batch_loses_no_document_and_signs_none_twice(
    world: World,
) -> None:
    kill_in_a_batch(world, documents=40, kills=2)


@pytest.mark.long
def test_a_worker_killed_ten_times_in_a_batch_of_500_loses_none_and_signs_none_twice(
    world: World,
) -> None:
    kill_in_a_batch(world, documents=500, kills=10)


def kill_in_a_batch(world: World, *, documents: int, kills: int) -> None:
    batch = filled(world, documents)
    dice = random.Random(documents)
    for kill in range(1, kills + 1):
        worker = started(world)
        while signed_of(world, batch) < documents * kill // (kills + 1):
            assert worker.poll() is None
            time.sleep(0.02)
        time.sleep(dice.uniform(0, 0.05))
        worker.kill()
        worker.wait()
    last = started(world)
    assert last.wait(300) == 0
    check_whole(world, batch, documents)


def started(world: World) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.signing.documents.batches.killed_worker"]
    return subprocess.Popen([*command, str(world.services.home)], text=True)


def signed_of(world: World, batch: DocumentBatch) -> int:
    found = world.services.documents.batches.find(batch.id, PROGRAM)
    return found.counts.get(DocumentState.SIGNED, 0)


def check_whole(world: World, batch: DocumentBatch, documents: int) -> None:
    batches = world.services.documents.batches
    found = batches.find(batch.id, PROGRAM)
    assert found.counts == {DocumentState.SIGNED: documents}
    assert found.state is BatchState.DONE
    with world.services.database.read() as connection:
        rows = connection.execute(
            select(batch_documents).where(batch_documents.c.batch == batch.id)
        ).all()
    # Each has one entry of the log, and its own.
    assert len({row.log_index for row in rows}) == documents
    for row in rows:
        pdf = batches.signed(batch.id, row.number, PROGRAM).read_bytes()
        assert pdf.startswith(one_page(row.number))
        assert list(signatures(pdf)) == ["Signature1"]
    folder = batches.signed(batch.id, 1, PROGRAM).parent
    assert not [one for one in folder.iterdir() if one.suffix == ".out" and one.stat().st_size == 0]
