"""Officers revoke many certificates over the API: one proposes, another approves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.access import Role
from enrollment.errors import OfficerNotInOffice, OfficerUnknown
from tests.enrollment.world import Caller, World

PATH = "/mass-revocations"
PROPOSAL = {
    "where": {"profile": "person-signing"},
    "reason": "superseded",
    "justification": "The card batch was faulty.",
}
MakeCaller = Callable[..., Caller]


def slug(answer: Any) -> str:
    return str(answer.get_json()["type"]).rsplit("/", 1)[1]


def standings(world: World, serials: list[int]) -> list[str]:
    return [world.register.find(one)[0].standing for one in serials]


def test_what_one_officer_proposes_runs_when_another_approves(
    world: World, caller: MakeCaller
) -> None:
    serials = [world.issue("person-signing", f"person:{n}").serial_number for n in range(3)]
    first, second = caller("first", Role.CA_ADMINISTRATOR), caller("second")
    assert first.post(f"{PATH}/count", json={"where": PROPOSAL["where"]}).get_json() == {
        "certificates": 3
    }
    job = first.post(PATH, json=PROPOSAL).get_json()
    assert (job["state"], job["expected"]) == ("proposed", 3)
    assert standings(world, serials) == ["good"] * 3

    approved = second.post(f"{PATH}/{job['id']}/approval", json={}).get_json()
    assert (approved["state"], approved["approved_by"]) == ("approved", "second")
    world.mass_revocation.run(job["id"])

    assert standings(world, serials) == ["revoked"] * 3
    done = first.get(f"{PATH}/{job['id']}").get_json()
    assert (done["state"], done["revoked"]) == ("done", 3)


def test_whoever_proposed_cannot_approve(world: World, caller: MakeCaller) -> None:
    officer = caller("first")
    job = officer.post(PATH, json=PROPOSAL).get_json()["id"]
    answer = officer.post(f"{PATH}/{job}/approval", json={})
    assert (answer.status_code, slug(answer)) == (403, "second-officer-needed")
    assert officer.get(PATH).get_json()["mass_revocations"][0]["state"] == "proposed"


def test_a_withdrawn_proposal_cannot_be_approved(caller: MakeCaller) -> None:
    first, second = caller("first"), caller("second")
    job = first.post(PATH, json=PROPOSAL).get_json()["id"]
    assert first.post(f"{PATH}/{job}/withdrawal", json={}).get_json()["state"] == "withdrawn"
    answer = second.post(f"{PATH}/{job}/approval", json={})
    assert (answer.status_code, slug(answer)) == (409, "revocation-job-closed")


@pytest.mark.parametrize(
    "wrong",
    [
        {"where": {}},
        {"where": {"colour": "red"}},
        {"where": {"public_key_sha256": "zz"}},
        {"where": {"issued_from": "2026-01-01T00:00:00"}},
        {"reason": "cACompromise"},
        {"justification": ""},
    ],
)
def test_a_wrong_proposal_is_refused(caller: MakeCaller, wrong: dict[str, Any]) -> None:
    answer = caller("first").post(PATH, json={**PROPOSAL, **wrong})
    assert answer.status_code in {400, 422}
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("number", ["4711", "9223372036854775808", "9" * 40])
def test_an_unknown_job_is_not_found(caller: MakeCaller, number: str) -> None:
    answer = caller("first").get(f"{PATH}/{number}")
    assert (answer.status_code, slug(answer)) == (404, "revocation-job-unknown")


def test_a_name_typed_at_the_console_has_to_be_an_officer_s_in_office(
    world: World, caller: MakeCaller
) -> None:
    caller("first")
    caller("watcher", Role.AUDITOR)
    roles = (Role.CA_ADMINISTRATOR, Role.RA_OFFICER)
    world.officers.check_in_office("first", *roles)
    with pytest.raises(OfficerNotInOffice):
        world.officers.check_in_office("watcher", *roles)
    with pytest.raises(OfficerUnknown):
        world.officers.check_in_office("First", *roles)
