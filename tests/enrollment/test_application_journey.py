from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from core.access import Role
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.world import Caller, World, slug

MakeCaller = Callable[..., Caller]


@pytest.fixture
def clerk(caller: MakeCaller) -> Caller:
    return caller("clerk")


@pytest.fixture
def first(caller: MakeCaller) -> Caller:
    return caller("first")


@pytest.fixture
def second(caller: MakeCaller) -> Caller:
    return caller("second")


def issued(clerk: Caller, first: Caller, second: Caller) -> str:
    application: str = clerk.submit().get_json()["id"]
    first.approve(application)
    assert second.approve(application).get_json()["state"] == "issued"
    return application


def test_two_approvals_issue_the_certificate(clerk: Caller, first: Caller, second: Caller) -> None:
    answer = clerk.submit()
    assert answer.status_code == 201, answer.get_json()
    application = answer.get_json()["id"]
    assert answer.headers["Location"] == f"/enrollment/v1/applications/{application}"
    assert first.approve(application).get_json()["state"] == "submitted"
    approved = second.approve(application)
    assert (approved.status_code, approved.get_json()["state"]) == (200, "issued")
    decisions = approved.get_json()["decisions"]
    assert [one["decided_by"] for one in decisions] == ["first", "second"]


def test_one_approval_is_enough_where_the_profile_says_so(clerk: Caller, first: Caller) -> None:
    application = clerk.submit("service-client", holder="program:ministry-client").get_json()["id"]
    assert first.approve(application).get_json()["state"] == "issued"


def test_the_certificate_comes_with_its_chain_and_a_proof(
    world: World, clerk: Caller, first: Caller, second: Caller
) -> None:
    application = issued(clerk, first, second)
    answer = clerk.get(f"/applications/{application}/certificate").get_json()
    leaf = x509.load_pem_x509_certificate(answer["certificate"].encode())
    chain = [x509.load_pem_x509_certificate(one.encode()) for one in answer["chain"]]
    leaf.verify_directly_issued_by(chain[0])
    chain[0].verify_directly_issued_by(chain[1])
    assert f"{leaf.serial_number:x}" == answer["serial_number"]
    assert answer["log"]["proof"].startswith("c2sp.org/tlog-proof@v1\n")


def test_the_certificate_is_had_as_der_and_as_a_pem_chain(
    clerk: Caller, first: Caller, second: Caller
) -> None:
    path = f"/applications/{issued(clerk, first, second)}/certificate"
    der = clerk.get(path, headers={"Accept": "application/pkix-cert"})
    chain = clerk.get(path, headers={"Accept": "application/pem-certificate-chain"})
    leaf = x509.load_der_x509_certificate(der.data)
    certificates = x509.load_pem_x509_certificates(chain.data)
    assert certificates[0] == leaf and len(certificates) == 2
    refused = clerk.get(path, headers={"Accept": "image/png"})
    assert (refused.status_code, slug(refused)) == (406, "not-acceptable")


def test_a_refusal_closes_the_application_and_tells_its_reason(
    clerk: Caller, first: Caller, second: Caller
) -> None:
    application = clerk.submit().get_json()["id"]
    assert first.refuse(application).get_json()["state"] == "refused"
    late = second.approve(application)
    assert (late.status_code, slug(late)) == (409, "application-closed")
    shown = clerk.get(f"/applications/{application}").get_json()
    assert shown["decisions"][0]["reason"] == "The photo is missing."
    fetched = clerk.get(f"/applications/{application}/certificate")
    assert (fetched.status_code, slug(fetched)) == (409, "not-issued-yet")


def test_whoever_applied_cannot_approve(clerk: Caller) -> None:
    application = clerk.submit().get_json()["id"]
    answer = clerk.approve(application)
    assert (answer.status_code, slug(answer)) == (403, "own-application")


def test_nobody_approves_twice(clerk: Caller, first: Caller) -> None:
    application = clerk.submit().get_json()["id"]
    first.approve(application)
    answer = first.approve(application)
    assert (answer.status_code, slug(answer)) == (409, "decided-before")
    assert first.get(f"/applications/{application}").get_json()["approvals"] == 1


def test_a_bare_request_is_taken_with_the_facts_that_it_states(
    caller: MakeCaller, first: Caller
) -> None:
    program = caller("gateway", Role.SERVICE)
    key = ec.generate_private_key(ec.SECP256R1())
    answer = program.post(
        "/applications?profile=service-client",
        data=csr_for(key, subject="CN=Gateway,O=Ministry of Examples"),
        content_type="application/pkcs10",
        headers={"Camtrust-Holder": "program:gateway"},
    )
    assert answer.status_code == 201, answer.get_json()
    assert answer.get_json()["facts"]["common_name"] == "Gateway"
    assert first.approve(answer.get_json()["id"]).get_json()["state"] == "issued"


def test_a_bare_request_needs_a_holder_in_its_header(caller: MakeCaller) -> None:
    answer = caller("gateway", Role.SERVICE).post(
        "/applications?profile=service-client", data=b"x", content_type="application/pkcs10"
    )
    assert (answer.status_code, slug(answer)) == (400, "holder-missing")


def test_a_service_sees_and_revokes_only_what_it_applied_for(
    caller: MakeCaller, clerk: Caller, first: Caller, second: Caller
) -> None:
    others = issued(clerk, first, second)
    program = caller("gateway", Role.SERVICE)
    own = program.submit("service-client", holder="program:gateway-2").get_json()["id"]
    first.approve(own)
    assert [one["id"] for one in program.get("/applications").get_json()["applications"]] == [own]
    for path in ("", "/certificate"):
        answer = program.get(f"/applications/{others}{path}")
        assert (answer.status_code, slug(answer)) == (404, "application-unknown")
    reason = {"reason": "superseded"}
    assert program.post(f"/applications/{others}/revocation", json=reason).status_code == 404
    revoked = program.post(f"/applications/{own}/revocation", json=reason)
    assert revoked.get_json()["standing"] == "revoked"


def test_a_revocation_takes_effect_and_is_not_taken_back(
    world: World, clerk: Caller, first: Caller, second: Caller
) -> None:
    application = issued(clerk, first, second)
    path = f"/applications/{application}/revocation"
    answer = first.post(path, json={"reason": "affiliationChanged"})
    assert answer.status_code == 200, answer.get_json()
    serial_number = int(answer.get_json()["serial_number"], 16)
    [held] = world.register.find(serial_number)
    assert (held.standing, held.reason) == ("revoked", "affiliationChanged")
    again = first.post(path, json={"reason": "affiliationChanged"})
    assert again.get_json() == answer.get_json()
    other = first.post(path, json={"reason": "superseded"})
    assert (other.status_code, slug(other)) == (409, "already-revoked")


def test_an_auditor_sees_everything_and_changes_nothing(caller: MakeCaller, clerk: Caller) -> None:
    auditor = caller("auditor", Role.AUDITOR)
    application = clerk.submit().get_json()["id"]
    assert auditor.get(f"/applications/{application}").status_code == 200
    for answer in (auditor.approve(application), auditor.refuse(application), auditor.submit()):
        assert (answer.status_code, slug(answer)) == (403, "permission-lacking")


def test_pages_follow_each_other_without_a_gap_and_a_repetition(
    world: World, clerk: Caller
) -> None:
    ids = [clerk.submit().get_json()["id"] for _ in range(5)]
    world.clock.advance(timedelta(seconds=1))
    seen: list[str] = []
    query = "?limit=2"
    while True:
        page = clerk.get(f"/applications{query}").get_json()
        seen += [one["id"] for one in page["applications"]]
        if page["next_cursor"] is None:
            break
        clerk_adds = clerk.submit()  # what comes in between is newer, and on no later page
        assert clerk_adds.status_code == 201
        query = f"?limit=2&cursor={page['next_cursor']}"
    assert seen == sorted(ids, reverse=True)


def test_a_list_holds_no_personal_data(clerk: Caller) -> None:
    clerk.submit()
    text = clerk.get("/applications").get_data(as_text=True)
    assert "Sokha" not in text and "IDCKH" not in text


def test_a_list_can_be_of_one_state(clerk: Caller, first: Caller) -> None:
    kept = clerk.submit().get_json()["id"]
    first.refuse(clerk.submit().get_json()["id"])
    page: Any = clerk.get("/applications?state=submitted").get_json()
    assert [one["id"] for one in page["applications"]] == [kept]
