"""The two-officer rule, in the code that obeys it and in the tables that enforce it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from ca.csr import verify_csr
from core.idempotency import new_act_id
from enrollment.application import Application, ApplicationState, Verdict
from enrollment.applications import Submission
from enrollment.decisions import DecisionToMake
from enrollment.errors import ApplicationClosed, DecidedBefore, OwnApplication
from enrollment.models import applications, decisions
from tests.ca.revocation.world import entries_of
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.world import World, facts_of


@pytest.fixture
def world(either_world: World) -> World:
    for officer in ("clerk", "first", "second", "third"):
        either_world.enroll(officer)
    return either_world


def submit(world: World, profile: str = "person-signing") -> Application:
    csr = verify_csr(csr_for(ec.generate_private_key(ec.SECP256R1())))
    return world.registration.applications.submit(
        Submission(profile, csr, "person:IDCKH-012345678", facts_of(profile)),
        applicant="clerk",
        application_id=new_act_id(world.clock.now()),
    )


def decide(
    world: World, application: Application, officer: str, verdict: Verdict = Verdict.APPROVED
) -> Application:
    return world.registration.decisions.decide(
        application.id,
        DecisionToMake(
            new_act_id(world.clock.now()),
            officer,
            verdict,
            "No." if verdict is Verdict.REFUSED else None,
        ),
    )


def decision_row(world: World, application: Application, **changed: Any) -> dict[str, Any]:
    return {
        "id": new_act_id(world.clock.now()),
        "application": application.id,
        "applicant_person": application.applicant_person,
        "decided_by": "first",
        "decided_by_person": "first",
        "verdict": "approved",
        "decided_at": world.clock.now(),
        "salt": b"\x00" * 32,
        "log_index": 0,
        **changed,
    }


def test_the_requester_cannot_approve(world: World) -> None:
    with pytest.raises(OwnApplication):
        decide(world, submit(world), "clerk")


def test_nobody_decides_twice_not_even_the_other_way(world: World) -> None:
    application = submit(world)
    decide(world, application, "first")
    for verdict in Verdict:
        with pytest.raises(DecidedBefore):
            decide(world, application, "first", verdict)


def test_a_third_decision_comes_too_late(world: World) -> None:
    application = submit(world)
    decide(world, application, "first")
    assert decide(world, application, "second").state is ApplicationState.APPROVED
    with pytest.raises(ApplicationClosed):
        decide(world, application, "third")


def test_the_database_refuses_a_decision_by_the_requester(world: World) -> None:
    application = submit(world)
    with pytest.raises(IntegrityError), world.database.begin() as connection:
        connection.execute(
            insert(decisions).values(
                decision_row(world, application, decided_by="clerk", decided_by_person="clerk")
            )
        )


def test_the_database_refuses_a_decision_that_misnames_the_requester(world: World) -> None:
    application = submit(world)
    row = decision_row(
        world,
        application,
        applicant_person="third",
        decided_by="clerk",
        decided_by_person="clerk",
    )
    with pytest.raises(IntegrityError), world.database.begin() as connection:
        connection.execute(insert(decisions).values(row))


def test_the_database_refuses_a_second_decision_of_one_officer(world: World) -> None:
    application = submit(world)
    decide(world, application, "first")
    with pytest.raises(IntegrityError), world.database.begin() as connection:
        connection.execute(insert(decisions).values(decision_row(world, application)))


def test_the_database_refuses_to_hand_an_application_to_another_requester(world: World) -> None:
    application = submit(world)
    decide(world, application, "first")
    with pytest.raises(IntegrityError), world.database.begin() as connection:
        connection.execute(
            update(applications)
            .where(applications.c.id == application.id)
            .values(applicant="second")
        )


@pytest.mark.parametrize(
    "change",
    [
        {"state": "approved"},
        {"state": "approved", "approvals": 1},
        {"state": "issued", "approvals": 1, "authority": "people-1", "serial_number": 7},
        {"approvals": 3},
        {"state": "issued", "approvals": 2},
        {"approvals_needed": -1},
        {"approvals_needed": 3},
    ],
)
def test_the_database_refuses_approval_without_enough_approvals(
    world: World, change: dict[str, Any]
) -> None:
    application = submit(world)
    with pytest.raises(IntegrityError), world.database.begin() as connection:
        connection.execute(
            update(applications).where(applications.c.id == application.id).values(**change)
        )


def test_the_same_key_cannot_sit_on_two_officers(world: World) -> None:
    from enrollment.errors import OfficerExists

    with pytest.raises(OfficerExists):
        world.officers.enroll(
            officer_id="shadow",
            role=world.officers.find("first").role,
            certificate=world.held["first"],
        )


def test_two_officers_deciding_at_once_both_count(world: World) -> None:
    application = submit(world)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda officer: decide(world, application, officer), ["first", "second"]))
    found = world.registration.applications.find(application.id)
    assert (found.state, found.approvals, len(found.decisions)) == ("approved", 2, 2)


def test_one_officer_deciding_twice_at_once_counts_once(world: World) -> None:
    application = submit(world)

    def attempt(_n: int) -> bool:
        try:
            decide(world, application, "first")
        except DecidedBefore:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(attempt, range(6))).count(True) == 1
    assert world.registration.applications.find(application.id).approvals == 1


def test_an_act_that_is_repeated_finds_itself_done(world: World) -> None:
    application = submit(world)
    decision = DecisionToMake(new_act_id(world.clock.now()), "first", Verdict.APPROVED)
    first = world.registration.decisions.decide(application.id, decision)
    assert world.registration.decisions.decide(application.id, decision) == first


def test_a_submission_that_is_repeated_finds_itself_done(world: World) -> None:
    csr = verify_csr(csr_for(ec.generate_private_key(ec.SECP256R1())))
    submission = Submission("person-signing", csr, "person:1", facts_of("person-signing"))
    act = new_act_id(world.clock.now())
    taken = [
        world.registration.applications.submit(submission, applicant="clerk", application_id=act)
        for _ in range(2)
    ]
    assert taken[0] == taken[1]
    kinds = [entry.kind for entry in entries_of(world.database)]
    assert kinds.count("application-submitted") == 1


def test_submission_and_decisions_are_logged_without_personal_data(world: World) -> None:
    application = submit(world)
    decide(world, application, "first")
    decide(world, application, "second", Verdict.REFUSED)
    entries = [one for one in entries_of(world.database) if one.kind.startswith("application-")]
    assert [one.kind for one in entries] == ["application-submitted", *["application-decided"] * 2]
    octets = b"".join(one.encode() for one in entries)
    for personal in (b"Sokha", b"IDCKH", b"first", b"second", b"clerk", b"No."):
        assert personal not in octets


def test_the_logs_commitments_can_be_opened_by_who_has_the_salt(world: World) -> None:
    from core.transparency.entry import commitment
    from enrollment.application import decision_octets, submission_octets

    application = decide(world, submit(world), "first")
    [submitted, decided] = [
        one for one in entries_of(world.database) if one.kind.startswith("application-")
    ]
    committed = submission_octets(
        applicant="clerk",
        profile=application.profile,
        holder=application.holder,
        facts=application.facts,
        csr_der=application.csr_der,
    )
    assert submitted.facts["submission"] == commitment(application.salt, committed)
    [decision] = application.decisions
    committed = decision_octets(
        decided_by="first", verdict=Verdict.APPROVED, reason=decision.reason
    )
    assert decided.facts["decision"] == commitment(decision.salt, committed)


def test_an_officer_cannot_decide_what_they_applied_for_as_a_person(either_world: World) -> None:
    either_world.found()
    person = either_world.employ()
    either_world.subscribers.enroll(person)
    either_world.enroll("clerk", person=person)
    csr = verify_csr(csr_for(ec.generate_private_key(ec.SECP256R1())))
    application = either_world.registration.applications.submit(
        Submission("person-signing", csr, "person:1", facts_of("person-signing"), "moh"),
        applicant=person,
        application_id=new_act_id(either_world.clock.now()),
    )
    assert application.institution == "moh"
    with pytest.raises(OwnApplication):
        decide(either_world, application, "clerk")
    row = decision_row(either_world, application, decided_by="clerk", decided_by_person=person)
    with pytest.raises(IntegrityError), either_world.database.begin() as connection:
        connection.execute(insert(decisions).values(row))
    # Nor can the decider be said to be somebody else.
    row = decision_row(either_world, application, decided_by="clerk", decided_by_person="clerk")
    with pytest.raises(IntegrityError), either_world.database.begin() as connection:
        connection.execute(insert(decisions).values(row))
