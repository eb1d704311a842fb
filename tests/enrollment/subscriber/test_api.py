"""What an institution's system does for its people, over the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from core.access import Role
from enrollment.application import Application
from enrollment.subscriber.bundle import BundleKind
from enrollment.subscriber.identity_check import CheckOutcome, IdentityFinding
from tests.enrollment.subscriber.person import (
    MAIL,
    SIGN_IN,
    SIGNING,
    approve,
    new_request,
    sit_down,
)
from tests.enrollment.world import Caller, World, officers_client

STAFF = "012345678"


@pytest.fixture
def system(world: World) -> Callable[..., Caller]:
    """Somebody who calls for an institution."""
    world.found()
    world.found("moe")
    world.employ(official_mail="dara.sok@moh.gov.kh")

    def make(name: str, role: Role = Role.SERVICE, institution: str | None = "moh") -> Caller:
        world.enroll(name, role, institution=institution)
        return Caller(officers_client(world), world.held[name])

    return make


def body(*profiles: str, **changes: Any) -> dict[str, Any]:
    requests = {one: new_request() for one in profiles}
    return {"staff_number": STAFF, "requests": requests, **changes}


def slug(answer: Any) -> str:
    return str(answer.get_json()["type"].rpartition("/")[2])


def issued(world: World, made: Any) -> Application:
    bundle = made.get_json()["id"]
    [one] = world.personal.bundles.find(bundle).applications
    approve(world, one)
    [one] = world.personal.bundles.find(bundle).applications
    return one


def test_a_bundle_is_applied_for_and_its_certificates_are_fetched(
    world: World, system: Callable[..., Caller]
) -> None:
    program = system("personnel")
    made = program.post("/bundles", json=body(SIGNING, SIGN_IN))
    assert made.status_code == 201, made.text
    shown = program.get(made.headers["Location"].removeprefix("/enrollment/v1")).get_json()
    assert [one["state"] for one in shown["applications"]] == ["submitted"] * 2
    assert shown["identity_check"] == "not-checked" and "Sok" not in str(shown)
    path = f"/bundles/{shown['id']}/applications/{shown['applications'][0]['id']}/certificate"
    assert slug(program.get(path)) == "not-issued-yet"
    for one in world.personal.bundles.find(shown["id"]).applications:
        assert one.facts["surname"] == "Sok" and one.applicant != "personnel"
        approve(world, one)
    assert program.get(path).get_json()["certificate"].startswith("-----BEGIN CERTIFICATE-----")


def test_the_person_sees_it_on_their_own_pages(world: World, system: Callable[..., Caller]) -> None:
    made = system("personnel").post("/bundles", json=body(SIGNING)).get_json()
    person = world.personal.bundles.find(made["id"]).bundle.person
    assert made["id"] in sit_down(world, person).get("/my/").text


def test_sent_again_with_its_key_it_is_one_bundle(
    world: World, system: Callable[..., Caller]
) -> None:
    program, sent = system("personnel"), body(SIGNING)
    key = {"Idempotency-Key": "once"}
    first = program.post("/bundles", json=sent, headers=key)
    second = program.post("/bundles", json=sent, headers=key)
    assert first.get_json()["id"] == second.get_json()["id"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"staff_number": "nobody"}, "not-listed"),
        ({"institution": "moe"}, "not-listed"),
        ({"requests": {"organization-seal": "x"}}, "csr-malformed"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(
    system: Callable[..., Caller], changes: dict[str, Any], problem: str
) -> None:
    answer = system("personnel").post("/bundles", json=body(SIGNING) | changes)
    assert slug(answer) == problem


def test_other_kinds_of_certificates_are_not_offered_to_people(
    system: Callable[..., Caller],
) -> None:
    assert slug(system("personnel").post("/bundles", json=body("organization-seal"))) == (
        "certificate-not-offered"
    )


def test_one_key_for_two_certificates_leaves_nothing(
    world: World, system: Callable[..., Caller]
) -> None:
    request = new_request()
    sent = body() | {"requests": {SIGNING: request, MAIL: request}}
    assert slug(system("personnel").post("/bundles", json=sent)) == "key-used-before"
    assert world.applications.page(limit=9) == []


def test_a_difference_needs_evidence(world: World, system: Callable[..., Caller]) -> None:
    world.personal.use_register().finding = IdentityFinding(CheckOutcome.DIFFERS, ("sex",))
    program = system("personnel")
    assert slug(program.post("/bundles", json=body(SIGNING))) == "evidence-missing"
    explained = body(SIGNING, evidence="Misread.", document_number="7")
    assert program.post("/bundles", json=explained).get_json()["identity_check"] == "differs"


def test_programs_of_others_and_of_nobody_see_and_do_nothing(
    world: World, system: Callable[..., Caller]
) -> None:
    made = system("personnel").post("/bundles", json=body(SIGNING))
    one = issued(world, made)
    for other in (system("theirs", institution="moe"), system("nobodys", institution=None)):
        assert other.get(f"/bundles/{made.get_json()['id']}").status_code == 404
        assert other.post(f"/applications/{one.id}/suspension", json={}).status_code == 404
        assert slug(other.post("/bundles", json=body(SIGNING, institution="moh"))) == "not-listed"
        assert other.get("/objections").get_json()["objections"] == []


def test_an_institution_suspends_and_its_officers_release(
    world: World, system: Callable[..., Caller]
) -> None:
    program = system("personnel")
    one = issued(world, program.post("/bundles", json=body(SIGN_IN)))
    path = f"/applications/{one.id}"
    assert program.post(f"{path}/suspension", json={}).get_json()["standing"] == "on-hold"
    assert program.post(f"{path}/release", json={}).status_code == 403
    # What the institution suspended is not the holder's to release.
    assert not world.personal.holdings.find(one.applicant, one.id).own_hold
    officer = system("clerk", Role.RA_OFFICER)
    assert officer.post(f"{path}/release", json={}).get_json()["standing"] == "released"


def test_an_objection_is_raised_for_a_person_and_answered(
    system: Callable[..., Caller],
) -> None:
    program, officer = system("personnel"), system("clerk", Role.RA_OFFICER)
    sent = {"staff_number": STAFF, "about": "listed-data", "text": "The name is wrong."}
    made = program.post("/objections", json=sent)
    assert made.status_code == 201 and made.get_json()["institution"] == "moh"
    path = f"/objections/{made.get_json()['id']}"
    assert [one["id"] for one in program.get("/objections").get_json()["objections"]] == [
        made.get_json()["id"]
    ]
    answer = {"outcome": "rejected", "answer": "The list is right."}
    assert program.post(f"{path}/answer", json=answer).status_code == 403
    assert officer.post(f"{path}/answer", json=answer).status_code == 200
    assert program.get(path).get_json()["answer"] == "The list is right."


@pytest.mark.parametrize("text", ["", " ", "\x00", "x" * 2001])
def test_an_objection_without_words_is_refused(system: Callable[..., Caller], text: str) -> None:
    sent = {"staff_number": STAFF, "about": "listed-data", "text": text}
    assert system("personnel").post("/objections", json=sent).status_code in {400, 422}


@pytest.fixture
def ending(world: World, system: Callable[..., Caller], clock: Any) -> tuple[Caller, str]:
    """A program, and the application of a certificate that ends in 30 days."""
    program = system("personnel")
    held = issued(world, program.post("/bundles", json=body(SIGNING)))
    clock.advance(timedelta(days=1095 - 30))
    return Caller(program.client, world.issue("service-client", "person:personnel")), held.id


def renewing(world: World, caller: Caller) -> Caller:
    """The program with a certificate that is valid at the tests' time."""
    assert caller.certificate is not None
    world.officers.bind(officer_id="personnel", certificate=caller.certificate)
    return caller


def test_a_certificate_is_renewed_in_one_call(world: World, ending: tuple[Caller, str]) -> None:
    program, held = renewing(world, ending[0]), ending[1]
    path = f"/applications/{held}/renewal"
    made = program.post(path, json={"csr": new_request()})
    assert made.status_code == 201, made.text
    shown = made.get_json()
    assert (shown["kind"], shown["institution"]) == ("renewal", "moh")
    again = program.post(path, json={"csr": new_request()})
    assert again.get_json()["id"] == shown["id"]
    renewed = issued(world, made)
    assert renewed.state == "issued" and renewed.holder == "person:IDCKH-012345678"
    # The person's pages know that it is replaced.
    person = world.personal.bundles.find(shown["id"]).bundle.person
    assert world.personal.holdings.find(person, held).replaced_in == shown["id"]


def test_a_renewal_without_a_new_key_is_refused_where_keys_do_not_live_on(
    world: World, ending: tuple[Caller, str]
) -> None:
    program, held = renewing(world, ending[0]), ending[1]
    refused = program.post(f"/applications/{held}/renewal", json={})
    assert (refused.status_code, slug(refused)) == (422, "renewal-needs-key")
    old = world.registration.applications.find(held).csr_der
    pem = x509.load_der_x509_csr(old).public_bytes(Encoding.PEM).decode()
    refused = program.post(f"/applications/{held}/renewal", json={"csr": pem})
    assert (refused.status_code, slug(refused)) == (422, "renewal-needs-key")


def test_it_is_too_early_to_renew(world: World, system: Callable[..., Caller]) -> None:
    program = system("personnel")
    held = issued(world, program.post("/bundles", json=body(SIGNING)))
    refused = program.post(f"/applications/{held.id}/renewal", json={"csr": new_request()})
    assert (refused.status_code, slug(refused)) == (409, "renewal-not-open")
    assert refused.get_json()["renewable_from"]


def test_another_institution_renews_nothing(world: World, system: Callable[..., Caller]) -> None:
    held = issued(world, system("personnel").post("/bundles", json=body(SIGNING)))
    other = system("other", institution="moe")
    refused = other.post(f"/applications/{held.id}/renewal", json={"csr": new_request()})
    assert (refused.status_code, slug(refused)) == (404, "certificate-not-held")


def test_what_the_person_began_to_renew_is_theirs_to_send(
    world: World, ending: tuple[Caller, str]
) -> None:
    program, held = renewing(world, ending[0]), ending[1]
    person = world.registration.applications.find(held).applicant
    world.personal.pages.renewals.begin(person, held, BundleKind.RENEWAL)
    refused = program.post(f"/applications/{held}/renewal", json={"csr": new_request()})
    assert (refused.status_code, slug(refused)) == (409, "draft-in-the-way")
