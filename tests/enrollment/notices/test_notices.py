"""Applicants hear by mail what became of an application, and nothing of it stands in the mail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from core.idempotency import new_act_id
from core.mail.models import mails
from enrollment.application import Application, Verdict
from enrollment.errors import ApplicationExpired
from tests.enrollment.test_rounds import WITHIN, decide, submission
from tests.enrollment.world import World

NUMBER = "012345678"


@pytest.fixture
def staffed(either_world: World) -> World:
    either_world.found("moh")
    either_world.employ("moh", number=NUMBER)
    for name in ("clerk", "first"):
        either_world.enroll(name)
    return either_world


def submit(world: World, holder: str = f"person:IDCKH-{NUMBER}") -> Application:
    return world.applications.submit(
        submission(holder=holder),
        applicant="clerk",
        application_id=new_act_id(world.clock.now()),
    )


def put(world: World) -> list[Any]:
    with world.database.read() as connection:
        return list(connection.execute(select(mails).order_by(mails.c.put_at, mails.c.kind)))


def test_who_is_asked_or_refused_hears_of_it(staffed: World) -> None:
    decide(staffed, submit(staffed), "first", Verdict.RETURNED)
    decide(staffed, submit(staffed), "first", Verdict.REFUSED)
    decide(staffed, submit(staffed), "first")
    refused, returned = put(staffed)
    assert (refused.kind, returned.kind) == ("application-refused", "application-returned")
    for one in (refused, returned):
        assert one.recipient == f"s{NUMBER}@moh.example"
        assert f"{staffed.public_url}/my/" in one.body and "23/11/2026" in one.body
        assert "Which ministry?" not in one.body and NUMBER not in one.body


def test_a_refusal_names_the_office_and_until_when_it_answers_what_is_wrong(
    staffed: World,
) -> None:
    application = staffed.applications.submit(
        replace(submission(holder=f"person:IDCKH-{NUMBER}"), institution="moh"),
        applicant="clerk",
        application_id=new_act_id(staffed.clock.now()),
    )
    decide(staffed, application, "first", Verdict.REFUSED)
    decide(staffed, submit(staffed), "first", Verdict.REFUSED)
    by_ministry, by_nation = (one.body for one in put(staffed))
    if "Ministry of MOH" not in by_ministry:
        by_ministry, by_nation = by_nation, by_ministry
    assert by_ministry.count("Ministry of MOH") == by_ministry.count("ក្រសួងសាកល្បង") == 2
    assert "within 10 days" in by_ministry and "១០" not in by_ministry
    assert "the national registration authority" in by_nation


@pytest.mark.parametrize("by", ["job", "attempt"])
def test_who_was_not_decided_hears_of_it_once(staffed: World, by: str) -> None:
    application = submit(staffed)
    staffed.clock.advance(WITHIN)
    if by == "attempt":
        with pytest.raises(ApplicationExpired):
            decide(staffed, application, "first")
    for _ in range(2):
        staffed.expiry.run()
    assert [one.kind for one in put(staffed)] == ["application-expired"]


def test_who_has_no_address_is_no_obstacle(staffed: World) -> None:
    application = submit(staffed, "person:IDCKH-999999999")
    assert decide(staffed, application, "first", Verdict.REFUSED).state == "refused"
    assert put(staffed) == []


def test_what_is_decided_once_is_told_once(staffed: World) -> None:
    application = submit(staffed)
    act = "1" * 32
    from enrollment.decisions import DecisionToMake

    decision = DecisionToMake(act, "first", Verdict.REFUSED, "No.")
    for _ in range(2):
        staffed.registration.decisions.decide(application.id, decision)
    assert len(put(staffed)) == 1
