"""Who may do what when: turns, refusals, roles, wrong PINs, strangers, replays and races."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.access import Principal, Role
from core.errors import CamtrustError
from enrollment.passkeys.challenges import LIFETIME
from signing.approval.errors import (
    ApprovalOver,
    ApprovalUnknown,
    NotYourTurn,
    RevisionMoved,
    RoleDiffers,
    SigningOutdated,
    SomebodySigns,
    WordsUnsuitable,
)
from signing.approval.signing import PREPARED_FOR
from signing.credentials.errors import PinRefused, SecondFactorRefused
from tests.signing.approval.world import ApprovalWorld
from tests.signing.world import MINISTRY


def test_who_comes_later_neither_sees_nor_signs_before(world: ApprovalWorld) -> None:
    started = world.start("1", "2")
    with pytest.raises(ApprovalUnknown):
        world.approval.sight.seen(started.id, world.people["2"].id)
    with pytest.raises(ApprovalUnknown):
        world.ask(started, "2")
    world.sign(started, "1")
    assert world.approval.sight.seen(started.id, world.people["2"].id).step == 2
    assert [one.approval.id for one in world.approval.sight.waiting(world.people["2"].id, limit=9)]


def test_a_stranger_and_another_institutions_program_see_nothing(world: ApprovalWorld) -> None:
    started = world.start("1")
    for who in (world.people["3"].id, "nobody", MINISTRY.id):
        with pytest.raises(ApprovalUnknown):
            world.approval.sight.seen(started.id, who)
        with pytest.raises(ApprovalUnknown):
            world.approval.sight.requested(started.id, who)
        with pytest.raises(ApprovalUnknown):
            world.approval.desk.changing.cancel(started.id, who, reason="Mine now")
    assert world.find(started).state == "circulating"


def test_a_refusal_after_a_signature_ends_it_and_tells_those_before(world: ApprovalWorld) -> None:
    started = world.start("1", "2", "3")
    world.sign(started, "1")
    world.refuse(started, "2", "The budget line is missing.")
    now = world.find(started)
    assert now.state == "refused"
    assert now.acts[-1].text == "The budget line is missing."
    # The earlier signer reads why; who was still to come never hears of it.
    assert world.approval.sight.seen(started.id, world.people["1"].id).state == "refused"
    assert ("approval-ended", "person1@examples.example") in world.mails()
    assert "person3@examples.example" not in dict(map(reversed, world.mails()))
    with pytest.raises(ApprovalUnknown):
        world.ask(started, "3")
    with pytest.raises(ApprovalOver):
        world.refuse(started, "2")
    assert world.approval.sealing.go_on() == 0


@pytest.mark.parametrize("reason", ["", "   ", "x" * 2001, "looks fine\u202efine skool"])
def test_a_refusal_needs_a_reason_that_people_read(world: ApprovalWorld, reason: str) -> None:
    started = world.start("1")
    with pytest.raises(WordsUnsuitable):
        world.refuse(started, "1", reason)
    assert world.find(started).state == "circulating"


def test_who_is_to_sign_does_not_acknowledge_and_the_other_way_round(world: ApprovalWorld) -> None:
    started = world.start("12a")
    with pytest.raises(RoleDiffers):
        world.acknowledge(started, "1")
    with pytest.raises(RoleDiffers):
        world.ask(started, "2")


def test_a_wrong_pin_signs_nothing_and_costs_a_question(world: ApprovalWorld) -> None:
    started = world.start("1")
    proof = world.ask(started, "1")
    with pytest.raises(PinRefused) as refused:
        world.confirm(started, "1", proof, pin="00000000")
    assert refused.value.data["tries_left"] == 4
    # The passkey's answer was taken with it.
    with pytest.raises(SecondFactorRefused):
        world.confirm(started, "1", proof)
    assert (world.find(started).revision, world.kinds()) == (0, ["approval-started"])
    world.sign(started, "1")
    assert world.find(started).revision == 1


def test_the_passkey_of_another_confirms_nothing(world: ApprovalWorld) -> None:
    started = world.start("12")
    world.ask(started, "1")
    other = world.ask(started, "2")
    with pytest.raises(SecondFactorRefused):
        world.confirm(started, "1", other)
    with pytest.raises(SecondFactorRefused):
        world.confirm(started, "1", "")
    assert world.find(started).revision == 0


def test_a_signature_sent_again_is_one_signature(world: ApprovalWorld) -> None:
    started = world.start("1", "2")
    proof = world.ask(started, "1")
    world.confirm(started, "1", proof)
    with pytest.raises(NotYourTurn):
        world.confirm(started, "1", proof)
    assert len(world.signatures(started)) == 1
    assert world.kinds().count("approval-signed") == 1


def test_what_was_prepared_before_another_signed_is_not_signed(world: ApprovalWorld) -> None:
    started = world.start("12")
    first, second = world.ask(started, "1"), world.ask(started, "2")
    world.confirm(started, "1", first)
    with pytest.raises(RevisionMoved):
        world.confirm(started, "2", second)
    # The page that was open shows an older revision than there is now.
    with pytest.raises(RevisionMoved):
        world.approval.signing.question(
            started.id, world.place_of(started, "2"), world.people["2"].id, revision=0
        )
    world.sign(started, "2")
    assert len(world.signatures(started)) == 2


def test_what_was_prepared_long_ago_is_not_signed(world: ApprovalWorld) -> None:
    started = world.start("1")
    # No longer than the passkey's question would be answered.
    assert PREPARED_FOR == LIFETIME == timedelta(minutes=5)
    proof = world.ask(started, "1")
    world.clock.advance(PREPARED_FOR)
    with pytest.raises(SigningOutdated):
        world.confirm(started, "1", proof)
    assert world.approval.signing.recover() == 0
    assert list((world.services.home / "approvals" / started.id).glob("*.prepared")) == []


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run acts in threads that begin together; what each returned or raised."""
    results: list[Any] = [None] * len(acts)
    gate = threading.Barrier(len(acts))

    def run(place: int, act: Callable[[], Any]) -> None:
        gate.wait()
        try:
            results[place] = act()
        except CamtrustError as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(acts)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return results


def test_two_who_sign_at_once_lose_no_signature(either_world: ApprovalWorld) -> None:
    world = either_world
    started = world.start("123")
    proofs = {number: world.ask(started, number) for number in "123"}
    results = at_once(*(lambda n=number: world.confirm(started, n, proofs[n]) for number in "123"))
    refused = [one for one in results if isinstance(one, CamtrustError)]
    assert len(refused) == 2
    assert all(isinstance(one, SomebodySigns | RevisionMoved) for one in refused)
    assert len(world.signatures(started)) == 1
    for number in "123":
        if world.find(started).participant(world.place_of(started, number)).state == "waiting":
            world.sign(started, number)
    assert len({one.field_name for one in world.signatures(started)}) == 3
    assert world.find(started).state == "sealing"


def test_the_same_signature_twice_at_once_is_one(either_world: ApprovalWorld) -> None:
    world = either_world
    started = world.start("1")
    proof = world.ask(started, "1")
    results = at_once(*[lambda: world.confirm(started, "1", proof)] * 2)
    assert sum(isinstance(one, CamtrustError) for one in results) == 1
    assert len(world.signatures(started)) == 1
    assert world.kinds().count("approval-signed") == 1


def test_of_a_refusal_and_a_signature_at_once_only_one_counts(
    either_world: ApprovalWorld,
) -> None:
    world = either_world
    started = world.start("12")
    proof = world.ask(started, "1")
    at_once(lambda: world.confirm(started, "1", proof), lambda: world.refuse(started, "2", "No."))
    now = world.find(started)
    assert now.state == "refused"
    assert now.revision == len(world.signatures(started))
    assert now.revision == world.kinds().count("approval-signed")


def test_who_started_it_cancels_it_and_nobody_signs_any_more(world: ApprovalWorld) -> None:
    started = world.start("1", "2")
    proof = world.ask(started, "1")
    changing = world.approval.desk.changing
    changing.cancel(started.id, started.requester, reason="Written anew.")
    changing.cancel(started.id, started.requester, reason="Written anew.")
    assert world.kinds().count("approval-cancelled") == 1
    with pytest.raises(ApprovalOver):
        world.confirm(started, "1", proof)
    assert world.find(started).acts[-1].text == "Written anew."


def test_another_program_of_the_institution_has_nothing_to_do_with_it(
    world: ApprovalWorld,
) -> None:
    started = world.start("1")
    other = Principal("another-program", Role.SERVICE, MINISTRY.id)
    assert world.approval.sight.page(other.id, limit=9) == []
    with pytest.raises(ApprovalUnknown):
        world.approval.desk.changing.replace(started.id, other.id, number=1, staff_number="2")
