"""How long documents of batches are kept, and how many batches there are at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from camtrust.jobs import scheduled_jobs
from core.idempotency import new_act_id
from signing.documents.batches.batch import BatchState, DocumentBatch
from signing.documents.batches.models import document_batches
from tests.signing.documents.batches.test_batches import (
    ANOTHER,
    B_B,
    PROGRAM,
    filled,
    opened,
    problem_of,
    worked,
)
from tests.signing.documents.world import World


def ended(world: World, batch: DocumentBatch, ago: timedelta) -> None:
    with world.services.database.begin() as connection:
        connection.execute(
            update(document_batches)
            .where(document_batches.c.id == batch.id)
            .values(finished_at=world.services.clock.now() - ago)
        )


def test_documents_are_erased_thirty_days_after_their_batch_ended(world: World) -> None:
    services, documents = world.services, world.services.documents
    old, young = filled(world, 1), filled(world, 1)
    worked(world)
    unended = filled(world, 1)
    for batch in (old, young):
        assert documents.batches.signed(batch.id, 1, PROGRAM).exists()
    ended(world, old, timedelta(days=30, minutes=1))
    ended(world, young, timedelta(days=29))
    assert problem_of(documents.batches.signed, old.id, 1, PROGRAM) == "batch-document-unknown"
    [job] = [one for one in scheduled_jobs(services) if one.name == "document-batches-old"]
    assert job.run() == 1
    held = documents.batch_files.held()
    assert old.id not in held
    assert {young.id, unended.id} <= set(held)
    assert documents.batches.signed(young.id, 1, PROGRAM).exists()
    # What became of each is still told.
    assert documents.batches.document(old.id, 1, PROGRAM).signed_sha256
    assert job.run() == 0
    worked(world)


def test_a_batch_says_when_its_documents_are_erased(world: World) -> None:
    batches = world.services.documents.batches
    batch = opened(world, 1)
    assert batch.erased_at(batches.kept) is None
    cancelled = batches.cancel(batch.id, PROGRAM)
    assert cancelled.finished_at is not None
    assert cancelled.erased_at(batches.kept) == cancelled.finished_at + timedelta(days=30)


def test_an_institution_has_so_many_batches_at_once_and_not_one_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = world.services.documents.batches
    there = [opened(world, 1)]
    with world.services.database.read() as connection:
        unended = connection.execute(
            document_batches.select().where(
                document_batches.c.submitter == PROGRAM.id,
                document_batches.c.state.in_([BatchState.OPEN, BatchState.SIGNING]),
            )
        ).all()
    monkeypatch.setattr(batches, "_at_once", len(unended) + 1)
    there.append(opened(world, 1))
    assert problem_of(opened, world, 1) == "too-many-document-batches"
    # The same request again, and another's, are no matter of it.
    again = batches.open(batch_id=there[1].id, by=PROGRAM, seal="seal", documents=1, options=B_B)
    assert again.id == there[1].id
    fresh = new_act_id(world.services.clock.now())
    batches.open(batch_id=fresh, by=ANOTHER, seal="seal", documents=1, options=B_B)
    batches.cancel(there[0].id, PROGRAM)
    opened(world, 1)
