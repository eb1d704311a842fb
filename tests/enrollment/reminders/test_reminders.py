"""Holders hear of an end four times, once each; officers hear once a day of what waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from ca.ending import EndingCertificates
from ca.revocation.reasons import RevocationReason
from core.mail.models import mails
from core.web.languages import read_texts
from enrollment.office.routes import TEXTS
from enrollment.reminders import endings
from enrollment.reminders.digest import WaitingDigest
from enrollment.reminders.endings import EndingReminders
from enrollment.reminders.settings import ReminderSettings
from tests.enrollment.world import Caller, World, officers_client

PROFILE = "person-signing"


def reminders(world: World, **settings: Any) -> EndingReminders:
    return EndingReminders(
        database=world.database,
        ending=EndingCertificates(database=world.database),
        outbox=world.outbox,
        titles=world.open_profiles,
        khmer=read_texts(TEXTS / "km.po"),
        settings=ReminderSettings(**settings),
        public_url=world.public_url,
        clock=world.clock,
    )


def put(world: World) -> list[Any]:
    with world.database.read() as connection:
        return list(connection.execute(select(mails).order_by(mails.c.id)))


@pytest.fixture
def person(either_world: World) -> str:
    either_world.found("moh")
    return either_world.employ("moh")


def test_a_holder_is_reminded_four_times_and_once_each(either_world: World, person: str) -> None:
    world = either_world
    world.issue(PROFILE, "person:IDCKH-012345678", days=200)
    rounds = reminders(world)
    said = []
    for _day in range(201):
        rounds.remind()
        said.append(len(put(world)))
        world.clock.advance(timedelta(days=1))
    assert said[-1] == 4
    # Days on which there was one more: 60, 30, 7 and 1 before the end.
    assert [200 - day for day in range(1, 201) if said[day] > said[day - 1]] == [60, 30, 7, 1]
    [first, *_others] = put(world)
    assert first.recipient == "s012345678@moh.example"
    assert "https://pki.example/my/" in first.body
    assert "Natural person: signing" in first.body and "11/06/2027" in first.body
    assert "Sok" not in first.body


def test_two_processes_remind_once(either_world: World, person: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    world = either_world
    world.issue(PROFILE, f"person:{person}", days=200)
    reminders(world).remind()
    world.clock.advance(timedelta(days=150))

    def remind(_number: int) -> int:
        return reminders(world).remind()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(remind, range(4))) == 1
    assert len(put(world)) == 1


def test_the_first_round_ever_reminds_each_once(world: World) -> None:
    world.found("moh")
    person = world.employ("moh")
    world.issue(PROFILE, f"person:{person}", days=300)
    world.clock.advance(timedelta(days=280))
    assert reminders(world).remind() == 1
    [mail] = put(world)
    assert mail.deduplication_key.endswith(":30")


def test_many_are_taken_batch_by_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endings, "BATCH", 2)
    world.found("moh")
    people = [world.employ("moh", number=f"10000000{number}") for number in range(5)]
    for person in people:
        world.issue(PROFILE, f"person:{person}", days=200)
    rounds = reminders(world)
    rounds.remind()
    world.clock.advance(timedelta(days=150))
    assert [rounds.remind() for _time in range(4)] == [2, 2, 1, 0]


@pytest.mark.parametrize(
    "why", ["revoked", "renewed", "left", "no address", "not a person", "unknown", "short"]
)
def test_who_needs_no_reminder_gets_none(world: World, why: str) -> None:
    world.found("moh")
    address = {"official_mail": None} if why == "no address" else {}
    person = world.employ("moh", **address)
    holder = {
        "not a person": "organization:NTRKH-00012345",
        "unknown": "person:IDCKH-999999999",
    }.get(why, f"person:{person}")
    certificate = world.issue(PROFILE, holder, days=100 if why == "short" else 200)
    rounds = reminders(world, days=[60])
    rounds.remind()
    world.clock.advance(timedelta(days=40 if why == "short" else 140))
    if why == "revoked":
        world.revocation.revoke(
            serial_number=certificate.serial_number,
            authority="people-1",
            reason=RevocationReason.SUPERSEDED,
        )
    elif why == "renewed":
        world.issue(PROFILE, holder, days=200)
    elif why == "left":
        world.people.leave(world.people.employments_of(person)[0].id)
    rounds.remind()
    assert put(world) == []


def test_what_is_only_suspended_is_reminded_of(world: World) -> None:
    world.found("moh")
    certificate = world.issue(PROFILE, f"person:{world.employ('moh')}", days=200)
    rounds = reminders(world)
    rounds.remind()
    world.revocation.hold(serial_number=certificate.serial_number, authority="people-1")
    world.clock.advance(timedelta(days=140))
    assert rounds.remind() == 1


@pytest.mark.parametrize("days", [[0], [101], [7, 7], ["x"]])
def test_days_that_cannot_be_are_refused(days: list[Any]) -> None:
    with pytest.raises(ValidationError):
        ReminderSettings(days=days)


def digest(world: World, **officers: str) -> WaitingDigest:
    return WaitingDigest(
        database=world.database,
        outbox=world.outbox,
        settings=ReminderSettings(officers=officers),
        clock=world.clock,
    )


def test_officers_hear_once_a_day_of_what_waits_too_long(
    world: World, caller: Callable[..., Caller]
) -> None:
    world.found("moh")
    caller("clerk").submit()
    world.enroll("own", institution="moh")
    Caller(officers_client(world), world.held["own"]).submit(holder="person:IDCKH-111111111")
    told = digest(world, nation="ra@pki.example", moh="ra@moh.example")
    assert told.tell() == 0
    world.clock.advance(timedelta(days=4))
    assert told.tell() == 2
    assert told.tell() == 0
    bodies = {mail.recipient: mail.body for mail in put(world)}
    assert "2 applications have been waiting" in bodies["ra@pki.example"]
    assert "1 applications have been waiting" in bodies["ra@moh.example"]
    assert "IDCKH" not in str(bodies)
    world.clock.advance(timedelta(days=1))
    assert told.tell() == 2


def test_nobody_is_told_at_night_or_without_an_address(
    world: World, caller: Callable[..., Caller]
) -> None:
    caller("clerk").submit()
    world.clock.advance(timedelta(days=4))
    assert digest(world).tell() == 0
    world.clock.advance(timedelta(hours=12))  # 03:00 in Cambodia
    assert digest(world, nation="ra@pki.example").tell() == 0
