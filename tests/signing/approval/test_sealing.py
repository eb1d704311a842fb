"""The seal's stamp leads to the page of the one sealed document, whoever seals or dies."""

from __future__ import annotations

import errno
from datetime import timedelta
from typing import Any

import pytest

from signing.approval.approval import Approval
from signing.approval.files import ApprovalFiles
from signing.documents.stamped import StampedSigning, StampFacts
from signing.documents.stamps.order import StampOrder
from signing.documents.verification.document import RegisteredDocument
from tests.signing.approval.world import ApprovalWorld
from tests.signing.world import MINISTRY

ORDER = StampOrder.model_validate({"place": {"x": 15, "y": 15, "width": 140, "height": 55}})


def ready(world: ApprovalWorld) -> Approval:
    started = world.start("1", seal_stamp=ORDER)
    return world.sign(started, "1")


def registered(world: ApprovalWorld) -> list[RegisteredDocument]:
    return list(world.services.verification.registry.page(MINISTRY.id, limit=9))


def test_what_was_sealed_in_vain_is_registered_nowhere(
    either_world: ApprovalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = either_world
    started, settle = ready(world), ApprovalFiles.settle

    def too_late(files: ApprovalFiles, *paths: Any) -> None:
        monkeypatch.setattr(ApprovalFiles, "settle", settle)
        # This worker's claim is over; another takes it, and is done before.
        world.clock.advance(timedelta(minutes=6))
        assert world.approval.sealing.go_on() == 1
        settle(files, *paths)

    monkeypatch.setattr(ApprovalFiles, "settle", too_late)
    world.approval.sealing.go_on()
    [one] = registered(world)
    assert [one.sha256 for one in one.signatures] == [world.find(started).sha256]
    assert world.kinds().count("approval-sealed") == 1
    assert list((world.services.home / "approvals" / started.id).glob("*.prepared")) == []


def test_what_is_sealed_and_not_registered_yet_is_registered_by_the_next_worker(
    world: ApprovalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise RuntimeError("The register cannot be reached.")

    started = ready(world)
    with monkeypatch.context() as patch:
        patch.setattr(StampedSigning, "register", away)
        assert world.approval.sealing.go_on() == 0
    assert (world.find(started).state, registered(world)) == ("sealing", [])
    sealed = (world.services.home / "approvals" / started.id / "sealed.pdf").read_bytes()
    world.approval.sealing.retry_all()
    assert world.approval.sealing.go_on() == 1
    assert world.document(started) == sealed
    [one] = registered(world)
    assert [one.sha256 for one in one.signatures] == [world.find(started).sha256]


def test_what_is_cancelled_while_it_is_sealed_is_registered_nowhere(
    world: ApprovalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, settle = ready(world), ApprovalFiles.settle

    def cancelled(files: ApprovalFiles, *paths: Any) -> None:
        world.approval.changing.cancel(started.id, started.requester, reason="Written anew.")
        settle(files, *paths)

    monkeypatch.setattr(ApprovalFiles, "settle", cancelled)
    world.approval.sealing.go_on()
    assert (world.find(started).state, registered(world)) == ("cancelled", [])


def test_a_disk_that_is_full_after_sealing_keeps_no_copies(
    world: ApprovalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: StampFacts) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    started = ready(world)
    folder = world.services.home / "approvals" / started.id
    before = set(folder.iterdir())
    monkeypatch.setattr(StampFacts, "written", full)
    assert world.approval.sealing.go_on() == 0
    assert world.find(started).trouble == "storage-unavailable"
    assert set(folder.iterdir()) == before
