"""The auditor's view: what was done, whether it is what was logged, and the proof of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from camtrust.cli import camtrust
from core.access import Role
from core.idempotency import new_act_id
from enrollment.application import Verdict
from enrollment.audit.ledger import WINDOW, ActUnknown, Question
from enrollment.decisions import DecisionToMake
from enrollment.jurisdiction import NATION, Jurisdiction
from enrollment.models import decisions
from tests.enrollment.grants.world import active_grant
from tests.enrollment.test_jurisdiction import Asker, asker
from tests.enrollment.test_rounds import answer, decide, submission, submit
from tests.enrollment.world import World


@pytest.fixture
def staffed(either_world: World) -> World:
    for name in ("clerk", "first", "second"):
        either_world.enroll(name)
    either_world.enroll("auditor", Role.AUDITOR)
    return either_world


@pytest.fixture
def auditor(staffed: World) -> Asker:
    return asker(staffed, "auditor")


def test_every_act_of_an_officer_is_opened_and_matches_the_log(staffed: World) -> None:
    application = submit(staffed)
    decide(staffed, application, "first", Verdict.RETURNED)
    answer(staffed, application, facts={**application.facts, "surname": "Sok"})
    decide(staffed, application, "first")
    grant = active_grant(staffed)
    staffed.grant_secrets.hand_over(grant.id, officer="granter-0")
    staffed.grants.withdraw(grant.id, withdrawn_by="first")
    acts = staffed.desk.ledger.page(Question(), limit=100).acts
    assert [one.index for one in acts] == list(reversed(range(len(acts))))
    assert [one.kind for one in acts if one.holds is False] == []
    assert [one.kind for one in acts if one.kind.startswith(("appl", "grant")) and one.holds] == [
        "grant-withdrawn",
        "grant-secret-shown",
        "grant-decided",
        "grant-proposed",
        "application-decided",
        "application-submitted",
        "application-decided",
        "application-submitted",
    ]
    who = {one.kind: one.officer for one in acts}
    assert (who["grant-withdrawn"], who["officer-enrolled"]) == ("first", "clerk")
    earlier = next(one for one in reversed(acts) if one.kind == "application-submitted")
    assert dict(earlier.opened)["surname"] == application.facts["surname"]


def test_what_somebody_changed_in_the_tables_is_seen(staffed: World, auditor: Asker) -> None:
    decided = decide(staffed, submit(staffed), "first", Verdict.REFUSED).decisions[-1]
    with staffed.database.begin() as connection:
        connection.execute(
            update(decisions).where(decisions.c.id == decided.id).values(reason="Other words.")
        )
    assert staffed.desk.ledger.act(decided.log_index).holds is False
    assert "Differs from the log" in auditor.get("/office/audit").text
    page = auditor.get(f"/office/audit/{decided.log_index}").text
    assert "What the tables hold is not what was logged" in page


def test_filters_leave_what_they_mean(staffed: World) -> None:
    application = submit(staffed)
    staffed.clock.advance(timedelta(hours=2))
    begin = staffed.clock.now()
    decide(staffed, application, "first")
    staffed.clock.advance(timedelta(hours=2))
    staffed.enroll("late")
    page = staffed.desk.ledger.page

    def found(question: Question) -> list[str]:
        return [one.kind for one in page(question, limit=100).acts]

    assert found(Question(kind="application-decided")) == ["application-decided"]
    assert found(Question(officer="first"))[0] == "application-decided"
    assert set(found(Question(officer="clerk"))) == {"application-submitted", "officer-enrolled"}
    assert found(Question(first=begin, end=begin + timedelta(hours=1))) == ["application-decided"]
    assert "application-decided" not in found(Question(end=begin))
    assert found(Question(first=begin + timedelta(hours=1)))[-1] == "certificate-reserved"


def test_a_list_goes_on_below_what_was_shown(staffed: World) -> None:
    walked, below = [], None
    while True:
        found = staffed.desk.ledger.page(Question(), limit=3, below=below)
        walked += [one.index for one in found.acts]
        if found.following is None:
            break
        below = found.following
    assert walked == list(reversed(range(len(walked)))) and len(walked) > 9


def test_one_page_looks_through_one_window(staffed: World) -> None:
    from core.transparency.entry import LogEntry

    filler = [LogEntry("filler", staffed.clock.now(), {}) for _ in range(WINDOW)]
    with staffed.database.begin() as connection:
        staffed.log.append(connection, filler)
    first = staffed.desk.ledger.page(Question(kind="officer-enrolled"), limit=10)
    assert first.acts == [] and first.following is not None
    second = staffed.desk.ledger.page(
        Question(kind="officer-enrolled"), limit=10, below=first.following
    )
    assert len(second.acts) == 4


def test_the_proof_is_accepted_without_the_service(
    staffed: World, auditor: Asker, tmp_path: Path
) -> None:
    decided = decide(staffed, submit(staffed), "first").decisions[-1]
    unpublished = auditor.get(f"/office/audit/{decided.log_index}/proof.tlog-proof")
    assert unpublished.status_code == 404
    staffed.log.publish()
    answer = auditor.get(f"/office/audit/{decided.log_index}/proof.tlog-proof")
    assert answer.headers["Content-Disposition"].endswith('.tlog-proof"')
    proof = tmp_path / "act.tlog-proof"
    proof.write_bytes(answer.data)
    verified = CliRunner().invoke(
        camtrust, ["log", "verify", str(proof), "--key", staffed.log.key.vkey()]
    )
    assert verified.exit_code == 0, verified.output
    assert "application-decided" in verified.output
    proof.write_bytes(answer.data.replace(b"index ", b"index 1", 1))
    wrong = CliRunner().invoke(
        camtrust, ["log", "verify", str(proof), "--key", staffed.log.key.vkey()]
    )
    assert wrong.exit_code == 1


def test_an_auditor_of_an_institution_sees_its_acts_alone(either_world: World) -> None:
    world = either_world
    applied = {}
    for whose in ("moh", "mef"):
        world.found(whose)
        world.enroll(f"{whose}-clerk", institution=whose)
        world.enroll(f"{whose}-officer", institution=whose)
        taken = world.applications.submit(
            submission("person-authentication", f"person:{whose}"),
            applicant=f"{whose}-clerk",
            application_id=new_act_id(world.clock.now()),
        )
        act = f"{next(world.numbers):032x}"
        decision = DecisionToMake(act, f"{whose}-officer", Verdict.APPROVED)
        world.delivery.issue_if_approved(world.registration.decisions.decide(taken.id, decision))
        applied[whose] = taken.log_index
    ledger, moh = world.desk.ledger, Jurisdiction("moh")
    seen = {one.institution for one in ledger.page(Question(), limit=100, within=moh).acts}
    assert seen == {"moh"}
    assert "certificate-issued" in [
        one.kind for one in ledger.page(Question(), limit=100, within=moh).acts
    ]
    assert ledger.act(applied["moh"], within=moh).officer == "moh-clerk"
    for index in (applied["mef"], 10_000):
        with pytest.raises(ActUnknown):
            ledger.act(index, within=moh)
        with pytest.raises(ActUnknown):
            ledger.proof(index, within=moh)
    only = ledger.page(Question(institution="mef"), limit=100, within=NATION).acts
    assert {one.institution for one in only} == {"mef"}
    world.enroll("auditor", Role.AUDITOR, institution="moh")
    auditor = asker(world, "auditor")
    assert auditor.get("/office/audit?institution=mef").status_code == 404
    assert auditor.get(f"/office/audit/{applied['mef']}").status_code == 404


def test_looking_changes_nothing_and_only_auditors_look(staffed: World, auditor: Asker) -> None:
    index = submit(staffed).log_index
    before = staffed.log.sizes()
    for path in ("", f"/{index}", "/checkpoints", "?kind=x&officer=y&first=01/01/2026&below=7"):
        assert auditor.get(f"/office/audit{path}").status_code == 200
        assert asker(staffed, "first").get(f"/office/audit{path}").status_code == 403
    assert auditor.get("/office/audit?first=x").status_code == 422
    assert auditor.get("/office/audit/999999999999999999999").status_code == 404
    assert staffed.log.sizes() == before
    staffed.log.publish()
    assert staffed.log.key.name in auditor.get("/office/audit/checkpoints").text
