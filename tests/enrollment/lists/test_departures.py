"""Who leaves the list: after the grace, what that institution let be issued is suspended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ca.csr import verify_csr
from ca.revocation.errors import CertificateUnknown
from ca.revocation.reasons import RevocationReason
from core.access import Principal
from core.idempotency import new_act_id
from enrollment.application import Application, ApplicationState, Verdict
from enrollment.applications import Submission
from enrollment.decisions import DecisionToMake
from enrollment.people.person import IdentifierKind
from tests.ca.revocation.world import entries_of
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.lists.files import DARA
from tests.enrollment.lists.world import MOI, brought, crowd, officer
from tests.enrollment.world import World, facts_of

PROFILE = "person-authentication"
GRACE = timedelta(days=14)


@pytest.fixture
def clerk(world: World) -> Principal:
    """An officer of the institution, whose list names Dara and fifty others."""
    clerk = officer(world, "clerk")
    for one in ("first", "second"):
        world.enroll(one)
    brought(world, clerk, DARA, *crowd(50, begin=100))
    return clerk


def dara(world: World) -> str:
    found = world.people.find_by_identifier(IdentifierKind.NATIONAL_ID, "012345678")
    assert found is not None
    return found.id


def issue(world: World, applicant: str, holder: str, institution: str | None = MOI) -> Application:
    """Let a certificate be issued upon an application to the institution's officers."""
    csr = verify_csr(csr_for(ec.generate_private_key(ec.SECP256R1())))
    application = world.registration.applications.submit(
        Submission(
            "person-authentication", csr, holder, facts_of("person-authentication"), institution
        ),
        applicant=applicant,
        application_id=new_act_id(world.clock.now()),
    )
    for one in ("first", "second"):
        decision = DecisionToMake(new_act_id(world.clock.now()), one, Verdict.APPROVED, None)
        if application.state is ApplicationState.SUBMITTED:
            application = world.registration.decisions.decide(application.id, decision)
    world.registration.delivery.issue_if_approved(application)
    return world.registration.applications.find(application.id)


def standing(world: World, application: Application) -> str:
    return str(world.delivery.certificate_of(application).standing)


def own(world: World) -> Application:
    """Dara's own certificate, applied for with a session."""
    applicant = world.subscribers.enroll(dara(world))
    return issue(world, applicant, f"person:{applicant}")


def pass_time(world: World, by: timedelta) -> int:
    world.clock.advance(by)
    return world.departures.suspend_due()


def test_what_was_issued_is_suspended_after_the_grace_and_not_before(
    world: World, clerk: Principal
) -> None:
    mine = own(world)
    at_counter = issue(world, "clerk", "person:IDCKH-012345678")
    brought(world, clerk, *crowd(50, begin=100))
    assert pass_time(world, GRACE - timedelta(minutes=5)) == 0
    assert standing(world, mine) == "good"
    assert pass_time(world, timedelta(minutes=5)) == 1
    assert standing(world, mine) == standing(world, at_counter) == "on-hold"
    assert pass_time(world, timedelta(days=1)) == 0


def test_who_comes_back_in_time_keeps_everything(world: World, clerk: Principal) -> None:
    mine = own(world)
    brought(world, clerk, *crowd(50, begin=100))
    assert pass_time(world, timedelta(days=10)) == 0
    brought(world, clerk, DARA, *crowd(50, begin=100))
    assert pass_time(world, timedelta(days=30)) == 0
    assert standing(world, mine) == "good"
    # Leaving again begins the grace again.
    brought(world, clerk, *crowd(50, begin=100))
    assert pass_time(world, timedelta(days=13)) == 0
    assert pass_time(world, timedelta(days=1)) == 1
    assert standing(world, mine) == "on-hold"


def test_what_another_institution_gave_stays(world: World, clerk: Principal) -> None:
    other = officer(world, "other", "moh")
    brought(world, other, ("77", *DARA[1:8], "dara@moh.example"))
    mine = own(world)
    theirs = issue(world, "other", "person:IDCKH-012345678", "moh")
    brought(world, clerk, *crowd(50, begin=100))
    assert pass_time(world, GRACE) == 1
    assert standing(world, mine) == "on-hold"
    assert standing(world, theirs) == "good"


def test_what_an_officer_applied_for_on_behalf_of_others_is_not_theirs(
    world: World, clerk: Principal
) -> None:
    for_another = issue(world, "clerk", "person:IDCKH-200000101")
    brought(world, clerk, *crowd(50, begin=100))
    assert pass_time(world, GRACE) == 1
    assert standing(world, for_another) == "good"


def test_a_revoked_certificate_stays_revoked(world: World, clerk: Principal) -> None:
    mine = own(world)
    assert mine.serial_number is not None
    world.revocation.revoke(
        serial_number=mine.serial_number, reason=RevocationReason.KEY_COMPROMISE
    )
    brought(world, clerk, *crowd(50, begin=100))
    assert pass_time(world, GRACE) == 1
    assert standing(world, mine) == "revoked"


def test_cut_short_it_goes_on_and_logs_each_hold_once(
    world: World, clerk: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = own(world), own(world)
    brought(world, clerk, *crowd(50, begin=100))
    world.clock.advance(GRACE)
    hold = world.revocation.hold
    calls: list[int] = []

    def away(**options: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise CertificateUnknown("The process ends here.")
        return hold(**options)

    monkeypatch.setattr(world.revocation, "hold", away)
    with pytest.raises(CertificateUnknown):
        world.departures.suspend_due()
    # The grace is over: what began is ended.
    assert world.departures.suspend_due() == 1
    assert world.departures.suspend_due() == 0
    assert standing(world, first) == standing(world, second) == "on-hold"
    entries = entries_of(world.database)
    assert [one.kind for one in entries].count("certificate-held") == 2
    (departed,) = [one for one in entries if one.kind == "person-departed"]
    assert departed.facts["held"] == 2
    assert dara(world) not in str(departed.facts)


def test_an_officer_releases_what_was_suspended(world: World, clerk: Principal) -> None:
    mine = own(world)
    brought(world, clerk, *crowd(50, begin=100))
    assert pass_time(world, GRACE) == 1
    brought(world, clerk, (*DARA[:8], ""), *crowd(50, begin=100))
    assert standing(world, mine) == "on-hold"
    assert mine.serial_number is not None
    world.revocation.release(serial_number=mine.serial_number)
    assert standing(world, mine) == "good"
