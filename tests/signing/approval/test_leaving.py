"""Who left the institution has nothing to do with its circulations any more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from enrollment.institutions.institution import InstitutionDetails, InstitutionKind
from enrollment.people.person import Place
from signing.approval.approval import Approval
from signing.approval.errors import ApprovalUnknown, WordsUnsuitable
from tests.signing.approval.test_circulation import command
from tests.signing.approval.test_deadlines import told
from tests.signing.approval.world import ApprovalWorld, as_person

OTHER = "ministry-of-others"


def move(world: ApprovalWorld, number: str) -> None:
    """Have somebody leave for another ministry, which gives them an address of its own."""
    subscribers = world.services.registration.subscribers
    subscribers.institutions.register(
        InstitutionDetails(
            OTHER,
            InstitutionKind.MINISTRY,
            "ក្រសួងផ្សេង",
            "Ministry of Others",
            mail_domains=("others.example",),
        )
    )
    world.leave(number)
    place = Place(staff_number="9", official_mail=f"person{number}@others.example")
    subscribers.people.employ(world.people[number].id, OTHER, place)


def shown(world: ApprovalWorld, number: str) -> list[Approval]:
    """What the lists of somebody hold."""
    sight, person = world.approval.sight, world.people[number].id
    waiting = [one.approval for one in sight.waiting(person, limit=9)]
    return [*waiting, *sight.known(person, limit=9), *sight.page(person, limit=9)]


def test_who_left_sees_nothing_of_what_they_started_signed_or_stood_in_for(
    either_world: ApprovalWorld,
) -> None:
    world = either_world
    started = world.start("1", "3", by=as_person(world.people["2"]))
    world.name_deputy("3", "4")
    world.sign(started, "1")
    for number in ("1", "2", "3", "4"):
        assert shown(world, number), number
        world.leave(number)
        assert shown(world, number) == [], number
        with pytest.raises(ApprovalUnknown):
            world.approval.sight.seen(started.id, world.people[number].id)


def test_who_left_changes_nothing_any_more_and_an_operator_cancels(
    either_world: ApprovalWorld,
) -> None:
    world = either_world
    started = world.start("1", by=as_person(world.people["2"]))
    world.leave("2")
    changing, reason = world.approval.changing, "Its requester left."
    with pytest.raises(ApprovalUnknown):
        changing.cancel(started.id, started.requester, reason="Mine.")
    with pytest.raises(ApprovalUnknown):
        changing.replace(started.id, started.requester, number=1, staff_number="3")
    for _ in range(2):
        done = command(world, "cancel", started.id, "--reason", reason)
        assert (done.exit_code, done.stdout.partition(":")[0]) == (0, "Cancelled")
    assert world.kinds() == ["approval-started", "approval-cancelled"]
    now = world.approval.sight.seen(started.id, world.people["1"].id)
    assert (now.state, now.acts[-1].by, now.acts[-1].text) == ("cancelled", None, reason)
    entry = world.entries()[now.acts[-1].log_index]
    assert (entry.facts["at"], set(entry.facts)) == ("console", {"approval", "at", "text"})


@pytest.mark.parametrize(("id_", "reason"), [("0" * 32, "Left."), (None, " "), (None, "a\x00b")])
def test_a_wrong_cancellation_at_the_console_changes_nothing(
    world: ApprovalWorld, id_: str | None, reason: str
) -> None:
    started = world.start("1")
    refused = command(world, "cancel", id_ or started.id, "--reason", reason)
    assert isinstance(refused.exception, ApprovalUnknown | WordsUnsuitable)
    assert world.kinds() == ["approval-started"]


def test_who_moved_on_gets_no_mail_about_it(world: ApprovalWorld) -> None:
    world.name_deputy("2", "3")
    started = world.start("1", "2", by=as_person(world.people["4"]), within=timedelta(days=2))
    for number in ("3", "4"):
        world.leave(number)
    move(world, "2")
    before = len(world.mails())
    world.sign(started, "1")
    world.clock.advance(timedelta(days=1, hours=1))
    world.approval.deadlines.look()
    world.clock.advance(timedelta(days=1))
    world.approval.deadlines.look()
    assert world.kinds().count("approval-overdue") == 1
    assert world.mails()[before:] == []
    assert told(world, "waits") == ["person1"]
