"""Asking back, answering, expiring, lapsing, and deciding together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ca.csr import verify_csr
from core.access import Principal, Role
from core.idempotency import new_act_id
from core.transparency.entry import commitment
from enrollment.answers import Answer
from enrollment.application import Application, ApplicationState, Verdict, submission_octets
from enrollment.applications import Submission
from enrollment.decisions import DecisionToMake
from enrollment.errors import (
    ApplicationClosed,
    ApplicationExpired,
    ApplicationNotReturned,
    ApplicationUnknown,
    BundleRefused,
    DecidedBefore,
)
from enrollment.settings import EnrollmentSettings
from tests.ca.revocation.world import entries_of
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.world import World, facts_of

HOLDER = "person:IDCKH-012345678"
WITHIN = EnrollmentSettings().decide_within
HOLDS = EnrollmentSettings().approval_holds
MOMENT = timedelta(seconds=1)


def submission(profile: str = "person-signing", holder: str = HOLDER) -> Submission:
    csr = verify_csr(csr_for(ec.generate_private_key(ec.SECP256R1())))
    return Submission(profile, csr, holder, facts_of(profile))


def submit(world: World) -> Application:
    return world.applications.submit(
        submission(), applicant="clerk", application_id=new_act_id(world.clock.now())
    )


def decide(
    world: World, application: Application, who: str, verdict: Verdict = Verdict.APPROVED
) -> Application:
    reason = None if verdict is Verdict.APPROVED else "Which ministry?"
    act = f"{next(world.numbers):032x}"
    return world.registration.decisions.decide(
        application.id, DecisionToMake(act, who, verdict, reason)
    )


def answer(world: World, application: Application, **corrected: Any) -> Application:
    return world.answers.answer(
        application.id, Answer("That of examples.", **corrected), applicant="clerk"
    )


def kinds(world: World) -> list[str]:
    return [one.kind for one in entries_of(world.database)]


@pytest.fixture
def staffed(either_world: World) -> World:
    for name in ("clerk", "first", "second"):
        either_world.enroll(name)
    return either_world


def test_what_is_asked_back_is_answered_and_decided_anew(staffed: World) -> None:
    application = submit(staffed)
    decide(staffed, application, "first")
    returned = decide(staffed, application, "second", Verdict.RETURNED)
    assert returned.state is ApplicationState.RETURNED
    assert returned.question is not None and returned.question.reason == "Which ministry?"
    with pytest.raises(ApplicationClosed):
        decide(
            staffed, application, "third" if "third" in staffed.held else staffed.enroll("third")
        )
    corrected = answer(staffed, application, facts={**application.facts, "surname": "Sok"})
    assert corrected.state is ApplicationState.SUBMITTED
    assert (corrected.round, corrected.approvals) == (2, 0)
    assert corrected.facts["surname"] == "Sok" and corrected.answer == "That of examples."
    # What was approved before was another application: both decide again.
    assert decide(staffed, application, "first").approvals == 1
    with pytest.raises(DecidedBefore):
        decide(staffed, application, "first")
    assert decide(staffed, application, "second").state is ApplicationState.APPROVED


def test_an_answer_is_a_new_entry_with_a_salt_of_its_own(staffed: World) -> None:
    before = submit(staffed)
    decide(staffed, before, "first", Verdict.RETURNED)
    after = answer(staffed, before)
    assert after.salt != before.salt
    entry = entries_of(staffed.database)[after.log_index]
    committed = submission_octets(
        applicant="clerk",
        profile=after.profile,
        holder=after.holder,
        facts=after.facts,
        csr_der=after.csr_der,
        answer=after.answer,
    )
    assert entry.facts["submission"] == commitment(after.salt, committed)
    assert entry.facts["round"] == 2


def test_only_what_was_asked_back_is_answered_and_only_by_its_applicant(staffed: World) -> None:
    application = submit(staffed)
    with pytest.raises(ApplicationNotReturned):
        answer(staffed, application)
    decide(staffed, application, "first", Verdict.RETURNED)
    with pytest.raises(ApplicationUnknown):
        staffed.answers.answer(application.id, Answer("I know."), applicant="second")
    answer(staffed, application)
    with pytest.raises(ApplicationNotReturned):
        answer(staffed, application)


def test_what_nobody_decides_expires_by_the_job_and_says_so(staffed: World) -> None:
    waiting, returned, refused = (submit(staffed) for _ in range(3))
    decide(staffed, returned, "first", Verdict.RETURNED)
    decide(staffed, refused, "first", Verdict.REFUSED)
    staffed.clock.advance(WITHIN - MOMENT)
    assert staffed.expiry.run() == 0
    staffed.clock.advance(MOMENT)
    assert staffed.expiry.run() == 2
    assert staffed.expiry.run() == 0
    states = [staffed.applications.find(one.id).state for one in (waiting, returned, refused)]
    expired = ApplicationState.EXPIRED
    assert states == [expired, expired, ApplicationState.REFUSED]
    assert kinds(staffed).count("application-expired") == 2


def test_what_is_over_is_not_decided_and_is_expired_by_the_attempt(staffed: World) -> None:
    application, asked = submit(staffed), submit(staffed)
    decide(staffed, asked, "first", Verdict.RETURNED)
    staffed.clock.advance(WITHIN)
    with pytest.raises(ApplicationExpired):
        decide(staffed, application, "first")
    with pytest.raises(ApplicationExpired):
        answer(staffed, asked)
    for one in (application, asked):
        assert staffed.applications.find(one.id).state is ApplicationState.EXPIRED
    with pytest.raises(ApplicationClosed):
        decide(staffed, application, "second")


def test_an_approval_that_is_too_old_counts_no_more(staffed: World) -> None:
    by_job, by_decision = submit(staffed), submit(staffed)
    for one in (by_job, by_decision):
        decide(staffed, one, "first")
    staffed.clock.advance(HOLDS)
    # The second officer alone is no longer enough, and the first may approve again.
    assert decide(staffed, by_decision, "second").approvals == 1
    assert decide(staffed, by_decision, "first").state is ApplicationState.APPROVED
    assert staffed.expiry.run() == 1
    lapsed = staffed.applications.find(by_job.id)
    assert (lapsed.approvals, lapsed.round) == (0, 2)
    assert decide(staffed, by_job, "second").approvals == 1
    assert kinds(staffed).count("application-approvals-lapsed") == 2


def bundle(world: World, *profiles: str) -> str:
    name = new_act_id(world.clock.now())
    chosen = {new_act_id(world.clock.now()): submission(profile) for profile in profiles}
    world.applications.submit_together(chosen, applicant="clerk", bundle=name)
    return name


def test_what_was_submitted_together_is_one_entry_and_one_decision(staffed: World) -> None:
    name = bundle(staffed, "person-signing", "person-authentication")
    first = Principal("first", Role.RA_OFFICER)
    [entry] = staffed.desk.queue.waiting_for(first, limit=10)
    assert entry.together == 2 and entry.application.bundle == name
    ids = [one.id for one in staffed.applications.bundle(name)]
    decision = DecisionToMake("1" * 32, "first", Verdict.APPROVED)
    decided = staffed.registration.decisions.decide_together(ids, decision)
    # One officer is enough for what signs nothing.
    assert sorted(str(one.state) for one in decided) == ["approved", "submitted"]
    again = staffed.registration.decisions.decide_together(ids, decision)
    assert [one.approvals for one in again] == [one.approvals for one in decided]
    assert staffed.desk.queue.waiting_for(first, limit=10) == []
    second = Principal("second", Role.RA_OFFICER)
    [left] = staffed.desk.queue.waiting_for(second, limit=10)
    assert (left.together, left.application.profile) == (1, "person-signing")


def test_one_that_cannot_be_decided_leaves_the_others_as_they_were(staffed: World) -> None:
    name = bundle(staffed, "person-signing", "person-authentication")
    one, other = staffed.applications.bundle(name)
    decide(staffed, other, "first", Verdict.REFUSED)
    with pytest.raises(DecidedBefore):
        staffed.registration.decisions.decide_together(
            [one.id, other.id], DecisionToMake("1" * 32, "first", Verdict.APPROVED)
        )
    assert staffed.applications.find(one.id).decisions == ()


def test_a_bundle_is_for_one_holder_and_at_most_four(staffed: World) -> None:
    two = {"1" * 32: submission(), "2" * 32: submission(holder="person:IDCKH-999999999")}
    five = {str(number) * 32: submission() for number in range(5)}
    for wrong in (two, five, {}):
        with pytest.raises(BundleRefused):
            staffed.applications.submit_together(wrong, applicant="clerk", bundle="3" * 32)
    assert staffed.applications.page(limit=10) == []
    with pytest.raises(ApplicationUnknown):
        staffed.applications.bundle("3" * 32)
