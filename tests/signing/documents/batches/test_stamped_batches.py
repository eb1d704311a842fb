"""Stamps in batches: a page for each document, registered once whoever dies meanwhile."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from core.access import Principal, Role
from core.idempotency import new_act_id
from core.transparency.entry import LogEntry
from core.transparency.tree_store import read_entries
from signing.documents.batches.batch import BatchDocument, DocumentBatch, DocumentState
from signing.documents.batches.files import sha256_of
from signing.documents.batches.retention import BatchRetention
from signing.documents.batches.stamps import read_stamps
from signing.documents.batches.working import BatchSigning
from signing.documents.levels import Level
from signing.documents.options import SigningOptions
from signing.documents.stamps.order import StampOrder, StampTexts
from signing.documents.verification.document import RegisteredDocument
from tests.signing.documents.batches.test_batches import problem_of, started, worked
from tests.signing.documents.pdfs import one_page
from tests.signing.documents.test_signatures import signatures
from tests.signing.documents.world import World, run

MINISTRY = Principal("client:mfaic", Role.SERVICE, institution="mfaic")
SEAL = "stamping in batches"
PLACE = {"x": 15, "y": 15, "width": 140, "height": 55}
STAMP = StampOrder.model_validate({"place": PLACE, "title": "A letter", "number": "12"})


@pytest.fixture(scope="module")
def ministry(world: World) -> World:
    """A home in which a ministry has a seal."""
    world.signer(SEAL, institution=MINISTRY.institution)
    world.services.verification.keys.make()
    return world


def opened(world: World, count: int, stamp: StampOrder | None = STAMP) -> DocumentBatch:
    return world.services.documents.batches.open(
        batch_id=new_act_id(world.services.clock.now()),
        by=MINISTRY,
        seal=SEAL,
        documents=count,
        options=SigningOptions(Level.B_B),
        stamp=stamp,
    )


def filled(world: World, *contents: bytes) -> DocumentBatch:
    batches, batch = world.services.documents.batches, opened(world, len(contents))
    for number, content in enumerate(contents, 1):
        batches.put(batch.id, number, io.BytesIO(content), MINISTRY)
    return batches.close(batch.id, MINISTRY)


def documents(world: World, batch: DocumentBatch) -> Sequence[BatchDocument]:
    return world.services.documents.batches.documents(batch.id, MINISTRY, limit=100)


def registered(world: World) -> dict[bytes, RegisteredDocument]:
    """What the ministry registered, by the SHA-256 of the only signature."""
    found = world.services.verification.registry.page("mfaic", limit=1000)
    return {one.signatures[0].sha256: one for one in found if len(one.signatures) == 1}


def registrations(world: World) -> int:
    services = world.services
    with services.database.read() as connection:
        octets = list(read_entries(connection, 0, services.log.sizes()["stored"]))
    return sum(LogEntry.decode(one).kind == "document-registered" for one in octets)


def signed_of(world: World, batch: DocumentBatch) -> int:
    return sum(one.state is DocumentState.SIGNED for one in documents(world, batch))


def check_registered_once(world: World, batch: DocumentBatch, before: int) -> None:
    """Each document is signed once, and has the page that its stamp leads to and no other."""
    found, services = registered(world), world.services
    shown = documents(world, batch)
    assert {one.state for one in shown} == {DocumentState.SIGNED}
    assert registrations(world) - before == len(shown)
    for one in shown:
        path = services.documents.batches.signed(batch.id, one.number, MINISTRY)
        assert sha256_of(path) == one.signed_sha256
        page = found[sha256_of(path)]
        assert one.registered == page.id
        said = run("pdftotext", path, "-")
        assert str(page.id) in said.replace("\n", "").replace(" ", "")
        assert list(signatures(path.read_bytes())) == ["Signature1"]


def test_each_document_of_a_batch_has_a_page_of_its_own(ministry: World) -> None:
    before = registrations(ministry)
    batch = filled(ministry, one_page(1), b"no PDF", one_page(3))
    worked(ministry)
    one, two, three = documents(ministry, batch)
    assert (two.state, two.registered) == (DocumentState.REFUSED, None)
    assert registrations(ministry) - before == 2
    pages = registered(ministry)
    for document in (one, three):
        assert document.signed_sha256 is not None
        page = pages[document.signed_sha256]
        assert (page.id, page.details.title, page.details.number) == (
            document.registered,
            "A letter",
            "12",
        )
    assert one.registered != three.registered


def dying(worker: BatchSigning, part: str, name: str, world: World) -> tuple[Any, str]:
    """Return where a method of a worker's is, to be replaced by one that never returns."""
    owner = {
        "files": worker._settling._files,
        "stamped": worker._settling._stamped,
        "worker": worker,
    }[part]
    assert hasattr(owner, name)
    return owner, name


@pytest.mark.parametrize(
    ("part", "name", "signed_again"),
    [
        # It signed, and died before its result was the one: nobody ever saw it.
        ("files", "note", 1),
        ("files", "settle", 1),
        # Its result is the one: it is registered and recorded by whoever comes next.
        ("stamped", "register", 0),
        ("worker", "_record", 0),
    ],
)
def test_a_worker_that_dies_leaves_each_document_to_be_registered_once(
    ministry: World, monkeypatch: pytest.MonkeyPatch, part: str, name: str, signed_again: int
) -> None:
    before, batch = registrations(ministry), filled(ministry, one_page(1), one_page(2))
    worker = ministry.services.documents.batch_signing()

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(*dying(worker, part, name, ministry), die)
        with pytest.raises(KeyboardInterrupt):
            worker.go_on()
    worker._claims.give_back()
    another = ministry.services.documents.batch_signing()
    calls = counted(monkeypatch, another._paths, "sign_unregistered")
    while another.go_on():
        pass
    assert len(calls) == 1 + signed_again
    check_registered_once(ministry, batch, before)


def counted(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> list[int]:
    real: Callable[..., object] = getattr(owner, name)
    calls: list[int] = []

    def count(*arguments: object, **options: object) -> object:
        calls.append(1)
        return real(*arguments, **options)

    monkeypatch.setattr(owner, name, count)
    return calls


def test_of_two_workers_that_both_sign_a_document_one_registers_it(
    ministry: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, batch = registrations(ministry), filled(ministry, one_page(7))
    slow = ministry.services.documents.batch_signing()
    real = slow._settling._files.settle

    def overtaken(*arguments: Any) -> bool:
        monkeypatch.undo()
        slow._claims.give_back()
        worked(ministry)
        return real(*arguments)

    monkeypatch.setattr(slow._settling._files, "settle", overtaken)
    slow.go_on()
    check_registered_once(ministry, batch, before)


@pytest.mark.long
def test_a_killed_worker_leaves_each_document_one_page(ministry: World) -> None:
    before, batch = registrations(ministry), filled(ministry, *map(one_page, range(16)))
    for kill in (1, 2):
        worker = started(ministry)
        while signed_of(ministry, batch) < 5 * kill:
            assert worker.poll() is None
            time.sleep(0.05)
        worker.kill()
        worker.wait()
    assert started(ministry).wait(300) == 0
    check_registered_once(ministry, batch, before)


def test_a_stamp_that_no_document_could_have_is_refused_before_one_is_put_up(
    ministry: World,
) -> None:
    batches = ministry.services.documents.batches
    wishes: dict[str, Any] = {"documents": 1, "options": SigningOptions(Level.B_B)}
    nation = Principal("client:nation", Role.SERVICE)
    assert (
        problem_of(
            lambda: batches.open(batch_id="1", by=nation, seal="seal", stamp=STAMP, **wishes)
        )
        == "stamp-needs-institution"
    )
    broken = StampOrder.model_validate({"place": PLACE, "seal_image": "AAAA"})
    assert (
        problem_of(
            lambda: batches.open(batch_id="2", by=MINISTRY, seal=SEAL, stamp=broken, **wishes)
        )
        == "seal-refused"
    )


def test_the_stamp_of_one_document_says_what_is_its_own(ministry: World) -> None:
    batches = ministry.services.documents.batches
    batch = opened(ministry, 3)
    own = StampTexts.model_validate({"number": "13", "title": "", "fields": {"Amount": "100"}})
    batches.say(batch.id, 2, StampTexts(number="never"), MINISTRY)
    batches.say(batch.id, 2, own, MINISTRY)
    batches.say(batch.id, 3, StampTexts(), MINISTRY)
    for number in (1, 2, 3):
        batches.put(batch.id, number, io.BytesIO(one_page(number)), MINISTRY)
    batches.close(batch.id, MINISTRY)
    worked(ministry)
    pages = registered(ministry)
    said = []
    for one in documents(ministry, batch):
        assert one.signed_sha256 is not None
        details = pages[one.signed_sha256].details
        said.append((details.number, details.title))
    assert said == [("12", "A letter"), ("13", ""), ("12", "A letter")]
    text = run("pdftotext", batches.signed(batch.id, 2, MINISTRY), "-")
    assert "13" in text


def test_what_stamps_said_is_forgotten_with_the_documents(ministry: World) -> None:
    services = ministry.services
    batch, other = opened(ministry, 1), opened(ministry, 1)
    services.documents.batches.say(batch.id, 1, StampTexts(number="13"), MINISTRY)
    services.documents.batches.put(batch.id, 1, io.BytesIO(one_page()), MINISTRY)
    services.documents.batches.cancel(batch.id, MINISTRY)
    BatchRetention(
        database=services.database,
        files=services.documents.batch_files,
        kept=timedelta(0),
        clock=services.clock,
    ).erase_old()
    with services.database.read() as connection:
        assert read_stamps(connection, batch.id) is None
        assert read_stamps(connection, other.id) is not None


def test_what_a_document_says_is_refused_where_it_has_no_place(ministry: World) -> None:
    batches, texts = ministry.services.documents.batches, StampTexts(number="13")
    batch = opened(ministry, 1)
    plain = opened(ministry, 1, stamp=None)
    another = Principal("client:another", Role.SERVICE, institution="mfaic")
    batches.put(batch.id, 1, io.BytesIO(one_page()), MINISTRY)
    for act, problem in (
        ((plain.id, 1, texts, MINISTRY), "batch-not-stamped"),
        ((batch.id, 2, texts, MINISTRY), "batch-document-unknown"),
        ((batch.id, 1, texts, another), "document-batch-unknown"),
    ):
        assert problem_of(batches.say, *act) == problem
    batches.close(batch.id, MINISTRY)
    assert problem_of(batches.say, batch.id, 1, texts, MINISTRY) == "document-batch-closed"
    with pytest.raises(ValidationError):
        StampTexts.model_validate({"place": PLACE})
