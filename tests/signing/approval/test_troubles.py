"""Parts that are away, processes that die, and disks without a document: nothing is lost."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from camtrust.document_statuses import HouseStatuses
from camtrust.document_timestamps import HouseTimestamps
from signing.approval.approval import Approval
from signing.approval.errors import ApprovalDocumentAltered, SigningOutdated, SomebodySigns
from signing.approval.files import SIGNATURE_OCTETS
from signing.approval.settling import Settling
from signing.approval.signings import Signing
from signing.approval.starting import Starting
from signing.documents.errors import StatusUnavailable, StorageUnavailable, TimestampUnavailable
from signing.documents.signing import DocumentSigning
from tests.signing.approval.killed_process import STATUS
from tests.signing.approval.world import ApprovalWorld
from tests.signing.documents.pdfs import one_page


def tsa_away(patch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> bytes:
        raise TimestampUnavailable("The time-stamping authority does not answer.")

    patch.setattr(HouseTimestamps, "timestamp", away)


def ocsp_away(patch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> Any:
        raise StatusUnavailable("The status service does not answer.")

    patch.setattr(HouseStatuses, "evidence", away)


@pytest.mark.parametrize("away", [tsa_away, ocsp_away])
def test_a_seal_waits_for_parts_that_are_away_longer_each_time(
    either_world: ApprovalWorld, away: Any
) -> None:
    world = either_world
    started = world.start("1")
    world.sign(started, "1")
    before = world.document(started)
    with pytest.MonkeyPatch.context() as patch:
        away(patch)
        waits = []
        for _ in range(3):
            assert world.approval.sealing.go_on() == 0
            now = world.find(started)
            assert now.next_try_at is not None
            waits.append((now.next_try_at - world.clock.now()).total_seconds())
            # It is not tried before its time.
            assert world.approval.sealing.go_on() == 0
            assert world.find(started).tries == now.tries
            world.clock.advance(now.next_try_at - world.clock.now())
    assert [round(one / 15) for one in waits] == [1, 2, 4]
    assert now.state == "sealing"
    assert now.trouble in {"timestamp-unavailable", "status-unavailable"}
    assert world.document(started) == before
    assert world.approval.sealing.go_on() == 1
    done = world.find(started)
    assert (done.state, done.trouble) == ("sealed", None)
    assert world.kinds().count("approval-sealed") == 1
    assert list((world.services.home / "approvals" / started.id).glob("*.prepared")) == []


def test_a_seal_that_waits_is_tried_at_once_where_somebody_says_so(world: ApprovalWorld) -> None:
    started = world.start("1")
    world.sign(started, "1")
    with pytest.MonkeyPatch.context() as patch:
        tsa_away(patch)
        world.approval.sealing.go_on()
    assert world.approval.sealing.go_on() == 0
    assert world.approval.sealing.retry_all() == 1
    assert world.approval.sealing.go_on() == 1


@pytest.mark.parametrize("away", [tsa_away, ocsp_away])
def test_a_signature_without_time_or_evidence_is_none_and_is_made_anew(
    world: ApprovalWorld, away: Any
) -> None:
    started = world.start("1")
    proof = world.ask(started, "1")
    with pytest.MonkeyPatch.context() as patch:
        away(patch)
        with pytest.raises((TimestampUnavailable, StatusUnavailable)):
            world.confirm(started, "1", proof)
    assert (world.find(started).revision, world.kinds()) == (0, ["approval-started"])
    world.sign(started, "1")
    assert len(world.signatures(started)) == 1


def died(world: ApprovalWorld, where: str, *more: str) -> None:
    command = [sys.executable, "-m", "tests.signing.approval.killed_process"]
    done = subprocess.run(
        [*command, str(world.services.home), where, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=120,
    )
    assert done.returncode == STATUS, done.stdout.decode()


def die_signing(world: ApprovalWorld, started: Approval, where: str, proof: str) -> None:
    person = world.people["1"].id
    died(world, where, started.id, str(world.place_of(started, "1")), person, proof)


def test_who_dies_after_signing_is_found_to_have_signed(either_world: ApprovalWorld) -> None:
    world = either_world
    started = world.start("12", "3")
    die_signing(world, started, "after-signed", world.ask(started, "1"))
    assert world.find(started).revision == 0
    assert world.approval.signing.recover() == 1
    assert world.approval.signing.recover() == 0
    assert world.kinds() == ["approval-started", "approval-signed"]
    assert len(world.signatures(started)) == 1
    # The dead process's claim holds nobody up.
    world.sign(started, "2")
    assert world.find(started).step == 2


def test_who_died_after_signing_and_sends_the_form_again_has_signed_once(
    world: ApprovalWorld,
) -> None:
    started = world.start("1")
    proof = world.ask(started, "1")
    die_signing(world, started, "after-signed", proof)
    world.clock.advance(timedelta(minutes=3))
    assert world.confirm(started, "1", proof).revision == 1
    assert world.kinds().count("approval-signed") == 1


def test_what_was_signed_by_a_dead_process_is_dropped_when_others_were_sooner(
    world: ApprovalWorld,
) -> None:
    started = world.start("12")
    die_signing(world, started, "after-signed", world.ask(started, "1"))
    world.refuse(started, "2", "Not like this.")
    assert world.approval.signing.recover() == 0
    assert (world.find(started).state, world.find(started).revision) == ("refused", 0)
    files = sorted(one.name for one in (world.services.home / "approvals" / started.id).iterdir())
    assert files == [f"{started.sha256.hex()}.pdf"]


def test_who_dies_while_signing_has_not_signed_and_holds_others_up_for_minutes_only(
    world: ApprovalWorld,
) -> None:
    started = world.start("12")
    die_signing(world, started, "before-signed", world.ask(started, "1"))
    proof = world.ask(started, "2")
    with pytest.raises(SomebodySigns):
        world.confirm(started, "2", proof)
    world.clock.advance(timedelta(minutes=2, seconds=1))
    world.sign(started, "2")
    world.sign(started, "1")
    assert len(world.signatures(started)) == 2


def test_a_worker_that_dies_after_sealing_has_sealed_once(either_world: ApprovalWorld) -> None:
    world = either_world
    started = world.start("1")
    world.sign(started, "1")
    died(world, "after-sealed")
    assert world.find(started).state == "sealing"
    sealed = (world.services.home / "approvals" / started.id / "sealed.pdf").read_bytes()
    assert world.approval.sealing.go_on() == 0
    world.clock.advance(timedelta(minutes=6))
    assert world.approval.sealing.go_on() == 1
    assert world.document(started) == sealed
    assert world.kinds().count("approval-sealed") == 1


@pytest.mark.parametrize("signed", [False, True])
def test_a_document_that_was_swapped_on_the_disk_is_noticed(
    world: ApprovalWorld, signed: bool
) -> None:
    started = world.start("1", "2") if signed else world.start("2")
    if signed:
        world.sign(started, "1")
    path = world.approval.desk.document(world.find(started))
    kept = path.read_bytes()
    path.write_bytes(one_page(padding=10))
    with pytest.raises(ApprovalDocumentAltered):
        world.ask(started, "2")
    with pytest.raises(ApprovalDocumentAltered):
        world.document(started)
    path.write_bytes(kept)
    world.sign(started, "2")
    path = world.approval.desk.document(world.find(started))
    path.write_bytes(kept)
    assert world.approval.sealing.go_on() == 0
    assert world.find(started).trouble == "approval-document-altered"


def test_two_documents_sent_at_once_under_one_id_do_not_overwrite_each_other(
    world: ApprovalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = world.start("1")
    known = [None, started]
    monkeypatch.setattr(Starting, "_known", lambda *_: known.pop(0))
    # Sent before the other was stored, it is told of that one.
    again = world.start("1", pdf=one_page(padding=10), approval_id=started.id)
    assert (again.id, known) == (started.id, [])
    assert world.document(started) == one_page()


def test_a_signature_that_was_given_up_before_it_was_settled_is_not_said_to_count(
    world: ApprovalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = Settling.settle

    def given_up(settling: Settling, signing: Signing) -> Approval:
        world.approval.signings.drop(signing)
        return settle(settling, signing)

    started = world.start("12")
    world.sign(started, "2")
    with monkeypatch.context() as patch:
        patch.setattr(Settling, "settle", given_up)
        proof = world.ask(started, "1")
        with pytest.raises(SigningOutdated):
            world.confirm(started, "1", proof)
    assert world.find(started).revision == 1
    world.sign(started, "1")
    assert len(world.signatures(started)) == 2


def test_a_signature_that_another_process_settled_is_said_to_count(
    world: ApprovalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = Settling.settle

    def twice(settling: Settling, signing: Signing) -> Approval:
        settle(settling, signing)
        return settle(settling, signing)

    started = world.start("1")
    monkeypatch.setattr(Settling, "settle", twice)
    assert world.sign(started, "1").revision == 1
    assert world.kinds().count("approval-signed") == 1


def test_nothing_is_begun_where_the_disk_has_no_room_for_it(
    world: ApprovalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 2 * SIGNATURE_OCTETS + len(one_page())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    # Of one signature and the seal each is one more copy.
    with pytest.raises(StorageUnavailable):
        world.start("1")
    assert list((world.services.home / "approvals").iterdir()) == []
    free *= 2
    started = world.start("1")
    free = SIGNATURE_OCTETS
    with pytest.raises(StorageUnavailable):
        world.ask(started, "1")
    free *= 2
    world.sign(started, "1")
    free = SIGNATURE_OCTETS
    assert world.approval.sealing.go_on() == 0
    assert world.find(started).trouble == "storage-unavailable"


def test_a_disk_that_fills_while_somebody_signs_is_said_and_they_sign_anew(
    world: ApprovalWorld,
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    started = world.start("1")
    proof = world.ask(started, "1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DocumentSigning, "complete", full)
        with pytest.raises(StorageUnavailable):
            world.confirm(started, "1", proof)
    assert world.find(started).revision == 0
    assert world.sign(started, "1").revision == 1


def test_a_disk_that_gives_errors_after_somebody_signed_loses_no_signature(
    world: ApprovalWorld,
) -> None:
    def stale(*_: Any) -> bytes:
        raise OSError(errno.ESTALE, "Stale file handle")

    started = world.start("1")
    proof = world.ask(started, "1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("signing.approval.files.sha256_of", stale)
        with pytest.raises(StorageUnavailable):
            world.confirm(started, "1", proof)
        patch.setattr(Path, "exists", stale)
        with pytest.raises(StorageUnavailable):
            world.confirm(started, "1", proof)
    assert world.approval.signing.recover() == 1
    assert world.find(started).revision == 1


def test_a_folder_that_is_away_loses_nothing(world: ApprovalWorld) -> None:
    started = world.start("1")
    folder = world.services.home / "approvals"
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(StorageUnavailable):
        world.ask(started, "1")
    folder.with_name("elsewhere").rename(folder)
    world.sign(started, "1")
    (folder / started.id / f"{world.find(started).document}.pdf").rename(folder / "kept")
    assert world.approval.sealing.go_on() == 0
    assert world.find(started).trouble == "storage-unavailable"
    (folder / "kept").rename(folder / started.id / f"{world.find(started).document}.pdf")
    world.clock.advance(timedelta(minutes=1))
    assert world.approval.sealing.go_on() == 1
