"""Deputies sign with their own key on somebody's behalf, for a while; and people who left."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import CamtrustError
from enrollment.officers import OfficerState
from signing.approval.errors import (
    ApprovalUnknown,
    DeputyRefused,
    DeputyUnknown,
    NotYourTurn,
    ParticipantAway,
    ParticipantUnsuitable,
)
from signing.approval.showing import view_of_approval
from signing.credentials.errors import CredentialLocked, CredentialStateRefused
from signing.documents.stamps.errors import StampDoesNotFit
from tests.signing.approval.world import ApprovalWorld
from tests.signing.world import MINISTRY

STAMP = {"x": 15, "y": 15, "width": 120, "height": 55, "layout": "full"}


def test_a_deputy_signs_with_their_own_key_on_somebodys_behalf(
    either_world: ApprovalWorld,
) -> None:
    world = either_world
    started = world.start("1", "3")
    world.name_deputy("1", "2")
    world.sign(started, "2", "1")
    [signature] = world.signatures(started)
    assert signature.sig_object["/Name"] == "Chan Vanna"
    assert signature.sig_object["/Reason"] == "Signed on behalf of Sok Dara"
    act = world.find(started).acts[-1]
    assert (act.by, act.on_behalf_of) == (world.people["2"].id, world.people["1"].id)
    entry = world.entries()[act.log_index]
    assert entry.kind == "approval-signed"
    assert set(entry.facts) == {"approval", "by", "document", "on_behalf_of"}
    with pytest.raises(NotYourTurn):
        world.ask(started, "1")


def test_the_stamp_says_on_whose_behalf(world: ApprovalWorld) -> None:
    started = world.start("1", stamp=STAMP)
    world.name_deputy("1", "2")
    world.sign(started, "2", "1")
    path = world.services.home / "stamped.pdf"
    path.write_bytes(world.document(started))
    from tests.signing.documents.world import run

    said = " ".join(run("pdftotext", path, "-").split())
    assert "on behalf of Sok Dara" in said
    assert "Chan Vanna" in said
    assert "ក្នុងនាម សុខ ដារ៉ា" in said


def test_a_stamp_that_has_no_room_for_a_deputys_words_does_not_go_round(
    world: ApprovalWorld,
) -> None:
    with pytest.raises(StampDoesNotFit):
        world.start("1", stamp={"x": 15, "y": 15, "width": 80, "height": 22})
    assert world.kinds() == []


def test_a_deputy_is_none_before_and_after_the_period(world: ApprovalWorld) -> None:
    started = world.start("1", within=timedelta(days=30))
    now = world.clock.now()
    world.name_deputy("1", "2", begins_at=now + timedelta(days=2), ends_at=now + timedelta(days=4))
    with pytest.raises(ApprovalUnknown):
        world.ask(started, "2", "1")
    world.clock.advance(timedelta(days=3))
    proof = world.ask(started, "2", "1")
    world.clock.advance(timedelta(days=1, minutes=-5))
    proof = world.ask(started, "2", "1")
    world.clock.advance(timedelta(minutes=6))
    # What was asked within the period is not signed after it.
    with pytest.raises(ApprovalUnknown):
        world.confirm(started, "2", proof, "1")
    assert world.find(started).revision == 0


def test_a_deputy_who_was_ended_sees_and_signs_nothing(world: ApprovalWorld) -> None:
    started = world.start("1")
    named = world.name_deputy("1", "2")
    desk = world.approval.desk
    assert [one.id for one in desk.deputies.of(world.people["2"].id)] == [named.id]
    with pytest.raises(DeputyUnknown):
        desk.deputies.revoke(named.id, world.people["3"].id)
    desk.deputies.revoke(named.id, world.people["1"].id)
    desk.deputies.revoke(named.id, world.people["1"].id)
    assert world.kinds().count("approval-deputy-revoked") == 1
    with pytest.raises(ApprovalUnknown):
        world.approval.sight.seen(started.id, world.people["2"].id)
    assert desk.deputies.of(world.people["1"].id) == []


def test_who_acted_as_a_deputy_still_sees_it_afterwards(world: ApprovalWorld) -> None:
    started = world.start("1", "3")
    named = world.name_deputy("1", "2")
    world.sign(started, "2", "1")
    world.approval.desk.deputies.revoke(named.id, world.people["1"].id)
    assert world.approval.sight.seen(started.id, world.people["2"].id).id == started.id


def test_what_comes_to_a_deputy_goes_no_further(world: ApprovalWorld) -> None:
    started = world.start("1")
    world.name_deputy("1", "2")
    world.name_deputy("2", "3")
    with pytest.raises(ApprovalUnknown):
        world.ask(started, "3", "1")
    # And nobody names one who is known to be away.
    with pytest.raises(DeputyRefused):
        world.name_deputy("3", "2")


@pytest.mark.parametrize("deputy", ["1", "77", ""])
def test_nobody_is_their_own_deputy_and_strangers_are_none(
    world: ApprovalWorld, deputy: str
) -> None:
    with pytest.raises(DeputyRefused):
        world.name_deputy("1", deputy)


@pytest.mark.parametrize(("begins", "ends"), [(3, 3), (3, 1), (-5, -1), (0, 101), (150, 151)])
def test_a_period_lies_ahead_and_ends(world: ApprovalWorld, begins: int, ends: int) -> None:
    now = world.clock.now()
    with pytest.raises(DeputyRefused):
        world.name_deputy(
            "1",
            "2",
            begins_at=now + timedelta(days=begins),
            ends_at=now + timedelta(days=ends),
        )


def test_both_hear_of_it_and_a_form_sent_twice_names_one(world: ApprovalWorld) -> None:
    named = world.name_deputy("1", "2")
    again = world.approval.desk.deputies.name(
        deputy_id=named.id,
        person=named.person,
        institution=MINISTRY.id,
        staff_number="2",
        begins_at=named.begins_at,
        ends_at=named.ends_at,
    )
    assert again == named
    with pytest.raises(DeputyUnknown):
        world.approval.desk.deputies.name(
            deputy_id=named.id,
            person=world.people["3"].id,
            institution=MINISTRY.id,
            staff_number="2",
            begins_at=named.begins_at,
            ends_at=named.ends_at,
        )
    assert world.kinds() == ["approval-deputy-named"]
    assert world.mails() == [("approval-deputy", "person2@examples.example")]


def test_a_deputy_hears_of_what_comes_meanwhile(world: ApprovalWorld) -> None:
    world.name_deputy("1", "2")
    world.start("1")
    told = [to for kind, to in world.mails() if kind == "approval-waits"]
    assert told == ["person1@examples.example", "person2@examples.example"]


@pytest.mark.parametrize(("who", "refusal"), [("1", ParticipantAway), ("2", ApprovalUnknown)])
def test_neither_who_left_nor_their_deputy_signs(
    world: ApprovalWorld, who: str, refusal: type[CamtrustError]
) -> None:
    started = world.start("1")
    world.name_deputy("1", "2")
    proof = world.ask(started, "2", "1")
    world.leave(who)
    with pytest.raises(refusal):
        world.confirm(started, "2", proof, "1")
    assert world.find(started).revision == 0


def test_who_left_shows_as_such_and_another_is_asked_instead(world: ApprovalWorld) -> None:
    started = world.start("12", "3")
    subscribers = world.services.registration.subscribers
    desk = world.approval.desk
    subscribers.subscribers.change_state(world.people["1"].id, OfficerState.SUSPENDED)
    world.services.remote_signing.credentials.destroy(world.people["2"].key.id, by="officer")  # type: ignore[union-attr]
    shown = {one.person: desk.can_act(one, MINISTRY.id) for one in world.find(started).participants}
    assert [shown[world.people[one].id] for one in "123"] == [False, False, True]
    # Whether there is a key is asked once it is their turn.
    later = world.start("3", "2")
    said = view_of_approval(desk, later).participants
    assert [(one.staff_number, one.is_turn, one.can_act) for one in said] == [
        ("3", True, True),
        ("2", False, True),
    ]
    place = world.place_of(started, "1")
    # Who takes part in the step already, or has no place here, is asked by nobody.
    for number in ("2", "77"):
        with pytest.raises(ParticipantUnsuitable):
            desk.changing.replace(started.id, started.requester, number=place, staff_number=number)
    for _ in range(2):
        now = desk.changing.replace(started.id, started.requester, number=place, staff_number="3")
    assert [(one.step, one.state) for one in now.participants] == [
        (1, "replaced"),
        (1, "waiting"),
        (1, "waiting"),
        (2, "waiting"),
    ]
    assert world.kinds().count("approval-replaced") == 1
    with pytest.raises(ApprovalUnknown):
        world.approval.sight.seen(started.id, world.people["1"].id)


def test_who_has_acted_is_replaced_by_nobody(world: ApprovalWorld) -> None:
    started = world.start("1", "2")
    world.sign(started, "1")
    with pytest.raises(NotYourTurn):
        world.approval.desk.changing.replace(
            started.id, started.requester, number=1, staff_number="3"
        )


def test_a_key_that_rests_or_is_gone_signs_nothing(world: ApprovalWorld) -> None:
    started = world.start("1")
    key = world.people["1"].key
    assert key is not None
    proof = world.ask(started, "1")
    world.services.remote_signing.credentials.suspend(key.id, by="officer")
    with pytest.raises((CredentialStateRefused, CredentialLocked)):
        world.confirm(started, "1", proof)
    assert world.find(started).revision == 0
