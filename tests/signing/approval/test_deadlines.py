"""Reminders, what is overdue, what mails say, and what is erased in the end."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.mail.models import mails
from signing.approval.errors import ApprovalDocumentGone
from signing.approval.settings import ApprovalSettings
from tests.signing.approval.world import ApprovalWorld, as_person


def told(world: ApprovalWorld, kind: str) -> list[str]:
    return [to.partition("@")[0] for one, to in world.mails() if one == f"approval-{kind}"]


def test_people_are_reminded_before_and_told_once_when_it_is_over(
    either_world: ApprovalWorld,
) -> None:
    world = either_world
    started = world.start("12", "3", by=as_person(world.people["3"]), within=timedelta(days=3))
    deadlines = world.approval.deadlines
    assert told(world, "waits") == ["person1", "person2"]
    assert deadlines.look() == 0
    world.sign(started, "2")
    world.clock.advance(timedelta(days=2, minutes=1))
    assert (deadlines.look(), deadlines.look()) == (1, 0)
    world.clock.advance(timedelta(hours=20))
    assert (deadlines.look(), deadlines.look()) == (1, 0)
    assert told(world, "reminder") == ["person1", "person1"]
    world.clock.advance(timedelta(hours=4))
    assert (deadlines.look(), deadlines.look()) == (1, 0)
    # Whoever started it hears of it too.
    assert told(world, "overdue") == ["person1", "person3"]
    now = world.find(started)
    late = now.participant(world.place_of(started, "1"))
    assert (late.state, late.overdue_at is not None, now.state) == ("waiting", True, "circulating")
    assert now.participant(world.place_of(started, "3")).overdue_at is None
    assert world.kinds().count("approval-overdue") == 1
    # It waits on, and is signed late.
    world.sign(started, "1")
    assert world.find(started).step == 2


def test_who_is_asked_within_the_last_day_is_not_reminded_at_once(world: ApprovalWorld) -> None:
    world.start("1", within=timedelta(hours=10))
    assert world.approval.deadlines.look() == 0
    world.clock.advance(timedelta(hours=7))
    assert world.approval.deadlines.look() == 1


def test_mails_lead_to_the_page_and_say_nothing_of_the_document(world: ApprovalWorld) -> None:
    started = world.start("1", title="Dismissal of a director")
    with world.services.database.read() as connection:
        [mail] = connection.execute(select(mails)).all()
    assert "Dismissal" not in mail.subject + mail.body
    assert f"{world.services.settings.serve.public_url}/approvals/{started.id}" in mail.body
    assert "ឯកសារមួយ កំពុងរង់ចាំអ្នក" in mail.body


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Decision 12/2026", "Decision 12/2026"),
        ("Confirm your PIN at pki-kh.example", "A document"),
    ],
)
def test_the_title_stands_in_mails_where_the_settings_say_so_and_it_leads_nowhere(
    world: ApprovalWorld, title: str, said: str
) -> None:
    world.services.settings = world.services.settings.model_copy(
        update={
            "approval": ApprovalSettings(seals=world.approval.settings.seals, titles_in_mails=True)
        }
    )
    world.start("1", title=title)
    with world.services.database.read() as connection:
        [mail] = connection.execute(select(mails)).all()
    assert f"{said} waits for you" in mail.body
    assert ("pki-kh" in mail.body, mail.body.count(title)) == (False, 2 * (title == said))


def test_the_document_is_erased_when_its_time_is_over_and_the_list_stays(
    either_world: ApprovalWorld,
) -> None:
    world = either_world
    ended, open_ = world.start("1"), world.start("2", within=timedelta(days=170))
    world.refuse(ended, "1")
    retention = world.approval.retention
    world.clock.advance(timedelta(days=89))
    assert retention.erase_old() == 0
    assert world.document(ended)
    world.clock.advance(timedelta(days=2))
    with pytest.raises(ApprovalDocumentGone):
        world.document(ended)
    assert (retention.erase_old(), retention.erase_old()) == (1, 0)
    folder = world.services.home / "approvals"
    assert [one.name for one in folder.iterdir()] == [open_.id]
    assert world.kinds()[-1] == "approval-erased"
    assert world.find(ended).acts[1].text == "Figures are wrong."
    assert world.document(open_)


def test_what_a_process_that_died_while_starting_left_is_erased_after_a_day(
    either_world: ApprovalWorld,
) -> None:
    world = either_world
    folder, started = world.services.home / "approvals", world.start("1")
    left, fresh, others = "1" * 32, "2" * 32, "lost+found"
    for name, hours in ((left, 25), (fresh, 23), (others, 99), (started.id, 99)):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "something.pdf").touch()
        at = (world.clock.now() - timedelta(hours=hours)).timestamp()
        os.utime(folder / name, (at, at))
    assert world.approval.retention.erase_old() == 0
    assert {one.name for one in folder.iterdir()} == {fresh, others, started.id}
    assert world.document(started)
