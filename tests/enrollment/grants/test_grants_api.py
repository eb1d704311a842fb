"""``/enrollment/v1/grants`` as officers use it."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.access import Role
from tests.enrollment.grants.world import active_grant, proposal_for
from tests.enrollment.world import Caller, World, slug


def body_for(world: World, **changes: Any) -> dict[str, Any]:
    proposal = proposal_for(world)
    body = {
        "protocol": "acme",
        "profile": proposal.profile,
        "holder": proposal.holder,
        "facts": dict(proposal.facts),
        "dns_names": list(proposal.dns_names),
        "certificates_allowed": 3,
        "expires_at": (world.clock.now() + timedelta(days=30)).isoformat(),
    }
    return body | changes


@pytest.fixture
def first(caller: Callable[..., Caller]) -> Caller:
    return caller("first")


@pytest.fixture
def second(caller: Callable[..., Caller]) -> Caller:
    return caller("second")


def test_from_the_proposal_to_the_secret(world: World, first: Caller, second: Caller) -> None:
    proposed = first.post("/grants", json=body_for(world))
    assert proposed.status_code == 201
    path = proposed.headers["Location"].removeprefix("/enrollment/v1")
    assert slug(first.post(f"{path}/secret", json={})) == "grant-not-active"
    assert slug(first.post(f"{path}/approval", json={})) == "own-grant"
    assert second.post(f"{path}/approval", json={}).get_json()["state"] == "active"
    assert slug(second.post(f"{path}/secret", json={})) == "secret-for-proposer"
    shown = first.post(f"{path}/secret", json={})
    assert shown.headers["Cache-Control"] == "no-store"
    told = shown.get_json()
    secret = urlsafe_b64decode(told["secret"] + "=")
    assert secret == world.grant_secrets.secret_of(told["name"], "acme-eab")
    assert len(secret) == 32
    listed = first.get("/grants?state=active").get_json()["grants"]
    assert [one["id"] for one in listed] == [told["name"]]
    assert "holder" not in listed[0]
    withdrawn = second.post(f"{path}/withdrawal", json={})
    assert withdrawn.get_json()["state"] == "withdrawn"
    assert slug(first.post(f"{path}/secret", json={})) == "grant-not-active"


def test_each_grant_and_each_purpose_has_its_own_secret(world: World) -> None:
    one, other = active_grant(world), active_grant(world)
    secrets = {
        world.grant_secrets.secret_of(grant.id, purpose)
        for grant in (one, other)
        for purpose in ("acme-eab", "est-password", "cmp-mac")
    }
    assert len(secrets) == 6


def test_an_auditor_reads_grants_and_sees_no_secret(
    world: World, first: Caller, caller: Callable[..., Caller]
) -> None:
    grant = active_grant(world)
    auditor = caller("auditor", Role.AUDITOR)
    assert auditor.get(f"/grants/{grant.id}").get_json()["id"] == grant.id
    assert slug(auditor.post(f"/grants/{grant.id}/secret", json={})) == "permission-lacking"


def test_pages_follow_each_other(world: World, first: Caller) -> None:
    made = {active_grant(world).id for _ in range(3)}
    page = first.get("/grants?limit=2").get_json()
    rest = first.get(f"/grants?limit=2&cursor={page['next_cursor']}").get_json()
    assert {one["id"] for one in page["grants"] + rest["grants"]} == made
    assert rest["next_cursor"] is None


def test_a_proposal_sent_again_with_its_key_is_one_grant(world: World, first: Caller) -> None:
    headers = {"Idempotency-Key": "one"}
    answers = [
        first.post("/grants", json=body_for(world), headers=headers).get_json() for _ in range(2)
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"protocol": "scep"}, "invalid-fields"),
        ({"dns_names": ["no spaces.kh"]}, "invalid-fields"),
        ({"dns_names": ["-.kh"]}, "grant-refused"),
        ({"certificates_allowed": 0}, "invalid-fields"),
        ({"certificates_allowed": 10**9}, "invalid-fields"),
        ({"expires_at": "2026-11-23T07:00:00Z"}, "grant-refused"),
        ({"expires_at": "9999-12-31T23:59:59Z"}, "grant-refused"),
        ({"holder": "somebody"}, "invalid-fields"),
        ({"profile": "root-ca"}, "profile-not-open"),
        ({"facts": {"nonsense": "x"}}, "fact-unknown"),
        ({"more": 1}, "invalid-fields"),
    ],
)
def test_a_proposal_that_cannot_be_is_refused_with_its_reason(
    world: World, first: Caller, changes: dict[str, Any], problem: str
) -> None:
    assert slug(first.post("/grants", json=body_for(world, **changes))) == problem
    assert first.get("/grants").get_json()["grants"] == []


def test_a_refusal_carries_its_reason(world: World, first: Caller, second: Caller) -> None:
    grant = first.post("/grants", json=body_for(world)).get_json()["id"]
    refused = second.post(f"/grants/{grant}/refusal", json={"reason": "Not your server."})
    assert refused.get_json()["decisions"][0]["reason"] == "Not your server."
    assert slug(second.post(f"/grants/{grant}/approval", json={})) == "grant-decided-before"
