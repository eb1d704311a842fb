"""From the list to a submitted application, without scripts."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import update

from core.errors import Unavailable
from enrollment.application import ApplicationState, Verdict
from enrollment.objections.objection import About
from enrollment.people.models import people
from enrollment.people.person import (
    IdentifierKind,
    PersonDetails,
    PersonIdentifier,
    PersonName,
    Place,
)
from enrollment.subscriber.identity_check import CheckOutcome, IdentityFinding
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.subscriber.person import (
    MAIL,
    SIGN_IN,
    SIGNING,
    Person,
    approve,
    decide,
    new_request,
    sit_down,
)
from tests.enrollment.world import World, pem_csr

ENCRYPTION = "person-mail-encryption"
DATA = "/my/application/data"
SUMMARY = "/my/application/summary"


def test_four_certificates_are_applied_for_together_and_collected(
    person: Person, world: World, tmp_path: Path, require: Callable[[str], str]
) -> None:
    page = person.apply(SIGN_IN, SIGNING, MAIL, ENCRYPTION)
    shown = person.get(page).text
    assert shown.count("Waiting for a decision") == 4 and "Ministry of MOH" in shown
    for one in person.applications(page):
        assert one.bundle == page.rpartition("/")[2] and one.institution == "moh"
        approve(world, one)
    first = person.applications(page)[0]
    collected = person.get(f"{page}/{first.id}").text
    assert "Valid until" in collected and "IDCKH-012345678" in collected
    pem = person.get(f"{page}/{first.id}/pem")
    assert pem.headers["Content-Disposition"].startswith("attachment")
    root = world.authorities.chain("people-1")[-1]
    assert openssl_verifies(pem.data, root, tmp_path, require("openssl"))
    assert person.get(f"{page}/{first.id}/cer").data[:1] == b"0"
    assert b"tlog" in person.get(f"{page}/{first.id}/tlog-proof").data


def openssl_verifies(pem: bytes, root: Any, folder: Path, openssl: str) -> bool:
    from cryptography.hazmat.primitives.serialization import Encoding

    (folder / "chain.pem").write_bytes(pem)
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    files = ["-CAfile", "root.pem", "-untrusted", "chain.pem", "chain.pem"]
    # The tests' clock stands in November 2026.
    moment = ["-attime", "1795600000"]
    done = subprocess.run([openssl, "verify", *moment, *files], cwd=folder, capture_output=True)
    assert done.returncode == 0, done.stderr
    return True


def test_what_was_begun_goes_on_at_the_first_step_that_is_not_done(person: Person) -> None:
    assert person.get("/my/application").headers["Location"] == "/my/"
    person.press("/my/", "/my/application")
    assert person.get("/my/application").headers["Location"] == DATA
    assert person.get("/my/application/keys").headers["Location"] == DATA
    person.press(DATA, "/data")
    assert person.get(SUMMARY).headers["Location"] == "/my/application/certificates"
    person.press("/my/application/certificates", "/certificates", profile=[SIGNING, MAIL])
    person.make_key(SIGNING)
    again = sit_down(person.world, person.id)  # another device, after the power was cut
    assert again.get("/my/application").headers["Location"] == "/my/application/keys"
    assert again.get("/my/application/keys").text.count("Key is there") == 1
    again.make_key(MAIL)
    assert again.get("/my/application").headers["Location"] == SUMMARY


def test_to_begin_twice_is_one_draft(person: Person) -> None:
    form = person.form("/my/", "/my/application")
    person.send(form)
    person.press(DATA, "/data")
    person.send(form)
    assert person.get("/my/application").headers["Location"] == "/my/application/certificates"


def test_nothing_is_typed_that_the_list_knows(person: Person) -> None:
    person.press("/my/", "/my/application")
    shown = person.get(DATA).text
    for known in ("សុខ ដារ៉ា", "Sok Dara", "13/04/1990", "012345678", "dara.sok@moh.gov.kh"):
        assert known in shown
    assert "The identity register was not asked." in shown


def test_where_no_register_is_configured_officers_see_that(person: Person) -> None:
    [one] = person.applications(person.apply(SIGNING))
    assert one.checks == {"identity": {"outcome": "not-checked", "differing": []}}


def test_a_register_that_is_away_counts_as_not_asked(world: World) -> None:
    register = world.personal.use_register()
    register.finding = Unavailable("away")
    world.found()
    person = sit_down(world, world.employ())
    [one] = person.applications(person.apply(SIGNING))
    assert one.checks["identity"]["outcome"] == "not-checked"


def test_a_difference_is_saved_and_goes_to_officers_with_evidence(world: World) -> None:
    register = world.personal.use_register()
    register.finding = IdentityFinding(CheckOutcome.DIFFERS, ("date_of_birth",))
    world.found()
    person = sit_down(world, world.employ())
    person.press("/my/", "/my/application")
    shown = person.get(DATA).text
    assert "The identity register says something else of:" in shown and "Date of birth" in shown
    refused = person.press(DATA, "/data", evidence="The year was misread.")
    assert refused.status_code == 422 and "Your application is saved." in refused.text
    assert "The year was misread." in refused.text
    person.press(DATA, "/data", evidence="The year was misread.", document_number="៤៥៦/១២")
    person.press("/my/application/certificates", "/certificates", profile=SIGNING)
    person.make_key(SIGNING)
    page = person.press(SUMMARY, "/submission").headers["Location"].partition("?")[0]
    [one] = person.applications(page)
    assert one.checks == {"identity": {"outcome": "differs", "differing": ["date_of_birth"]}}
    assert one.evidence == {"document_number": "456/12", "text": "The year was misread."}
    assert "The year was misread." in person.get(page).text


def test_a_wrong_list_is_corrected_by_an_objection_and_the_draft_waits(person: Person) -> None:
    person.press("/my/", "/my/application")
    sent = person.press(DATA, "/objections", text="My name is Dary.", document_number="១២៣")
    shown = person.follow(sent).text
    assert "Your objection is saved" in shown and "Ministry of MOH" in shown
    assert "You asked for a correction." in person.get(DATA).text
    [raised] = person.world.personal.objections.of_person(person.id, limit=9)
    assert (raised.about, raised.institution) == (About.LISTED_DATA, "moh")
    assert raised.document_number == "123"


def test_without_a_document_the_list_has_to_be_corrected_first(world: World) -> None:
    world.found()
    nameless = world.people.add(PersonDetails(PersonName("សុខ", "ដារ៉ា")))
    world.people.employ(nameless.id, "moh", Place(staff_number="7"))
    person = sit_down(world, nameless.id)
    person.press("/my/", "/my/application")
    assert "no valid identity card or passport" in person.get(DATA).text
    form = person.form(DATA, "/discarding")
    assert person.send((DATA, form[1])).status_code == 409


def test_mail_certificates_need_a_mail_address(world: World) -> None:
    world.found()
    person = sit_down(world, world.employ(official_mail=None))
    person.press("/my/", "/my/application")
    person.press(DATA, "/data")
    page = "/my/application/certificates"
    assert person.get(page).text.count("no official mail address") == 2
    refused = person.press(page, "/certificates", profile=[SIGNING, MAIL])
    assert refused.status_code == 422 and "Choose at least one" in refused.text
    assert person.press(page, "/certificates").status_code == 422


def test_each_certificate_has_a_key_of_its_own(person: Person) -> None:
    request = new_request()
    person.choose(SIGNING, MAIL)
    assert person.make_key(SIGNING, request).status_code == 303
    refused = person.make_key(MAIL, request)
    assert refused.status_code == 422
    assert "This key is in this application already." in refused.text


def test_a_key_that_another_applied_with_is_refused(person: Person, world: World) -> None:
    request = new_request()
    person.choose(SIGNING)
    person.make_key(SIGNING, request)
    person.press(SUMMARY, "/submission")
    other = sit_down(world, world.employ(number="987654321"))
    other.choose(SIGNING)
    refused = other.make_key(SIGNING, request)
    assert refused.status_code == 422 and "was used in an application before" in refused.text
    person.choose(MAIL)
    assert person.make_key(MAIL, request).status_code == 422


def test_who_was_refused_may_come_again_with_the_same_key(person: Person, world: World) -> None:
    request = new_request()
    person.choose(SIGNING)
    person.make_key(SIGNING, request)
    sent = person.press(SUMMARY, "/submission").headers["Location"].partition("?")[0]
    decide(world, person.applications(sent)[0], "first", Verdict.REFUSED, "The list is old.")
    shown = person.get(sent).text
    assert "The list is old." in shown and "This is wrong" in shown
    person.choose(SIGNING)
    assert person.make_key(SIGNING, request).status_code == 303


@pytest.mark.parametrize("request_text", ["", "nonsense", "-----BEGIN CERTIFICATE REQUEST-----"])
def test_what_is_no_request_is_refused_on_its_page(person: Person, request_text: str) -> None:
    person.choose(SIGNING)
    refused = person.make_key(SIGNING, request_text or " ")
    assert refused.status_code == 422 and "key-request" in refused.text


def test_what_a_request_says_otherwise_is_explained(person: Person) -> None:
    person.choose(SIGNING)
    answer = person.make_key(SIGNING, new_request("CN=Someone Else,C=KH"))
    shown = person.follow(answer).text
    assert "Your request names something else." in shown and "Someone Else" in shown
    sent = person.press(SUMMARY, "/submission").headers["Location"].partition("?")[0]
    assert "Someone Else" not in str(person.applications(sent)[0].facts)


def test_sent_twice_it_is_one_application(person: Person) -> None:
    person.choose(SIGNING)
    person.make_key(SIGNING)
    form = person.form(SUMMARY, "/submission")
    first, second = person.send(form), person.send(form)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(person.world.personal.bundles.of(person.id, limit=9)) == 1


def test_what_changed_in_another_window_is_shown_before_it_is_sent(person: Person) -> None:
    person.choose(SIGNING)
    person.make_key(SIGNING)
    form = person.form(SUMMARY, "/submission")
    person.press("/my/application/certificates", "/certificates", profile=[SIGNING, SIGN_IN])
    person.make_key(SIGN_IN)
    refused = person.send(form)
    assert refused.status_code == 409 and "changed in another window" in refused.text
    assert person.press(SUMMARY, "/submission").status_code == 303


def test_a_list_that_changed_is_confirmed_again(person: Person, world: World) -> None:
    person.choose(SIGNING)
    person.make_key(SIGNING)
    with world.database.begin() as connection:
        connection.execute(update(people).values(given_name_latin="Dary"))
    refused = person.press(SUMMARY, "/submission")
    assert refused.status_code == 409 and "list changed" in refused.text
    person.press(DATA, "/data")
    sent = person.press(SUMMARY, "/submission").headers["Location"].partition("?")[0]
    assert person.applications(sent)[0].facts["given_name"] == "Dary"


def test_a_discarded_draft_leaves_nothing(person: Person, world: World) -> None:
    person.choose(SIGNING)
    person.make_key(SIGNING)
    answer = person.press("/my/application/keys", "/discarding")
    assert "nothing of it is kept" in person.follow(answer).text
    assert world.personal.drafts.find(person.id) is None
    assert person.get("/my/application/keys").status_code == 404


def test_anothers_application_looks_as_if_it_did_not_exist(person: Person, world: World) -> None:
    [one] = person.hold(SIGNING)
    page = f"/my/bundles/{one.bundle}"
    other = sit_down(world, world.employ(number="987654321"))
    for path in (page, f"{page}/{one.id}", f"{page}/{one.id}/pem", f"/my/certificates/{one.id}"):
        assert person.get(path).status_code == 200
        assert other.get(path).status_code == 404


def test_a_form_without_its_pages_token_does_nothing(person: Person, world: World) -> None:
    assert person.client.post("/my/application", data={"a": "b"}).status_code == 400
    assert world.personal.drafts.find(person.id) is None


def test_strangers_are_told_to_sign_in(person: Person) -> None:
    person.client.delete_cookie("__Host-session")
    refused = person.get("/my/")
    assert refused.status_code == 401 and "/sign-in?next=/my/" in refused.text


def test_on_a_shared_computer_no_key_and_nothing_lasting_is_kept(world: World) -> None:
    world.found()
    person = sit_down(world, world.employ(), shared_computer=True)
    person.choose(SIGNING)
    page = f"/my/application/keys/{SIGNING}"
    assert 'value="browser"' not in person.get(page).text
    kept = {cookie.key: cookie for cookie in person.client._cookies.values()}
    assert set(kept) <= {"__Host-session", "__Host-form"}
    assert all(one.max_age is None and one.expires is None for one in kept.values())


def test_a_refusal_by_issuance_is_told_and_the_draft_is_kept(world: World) -> None:
    world.found()
    # .example is no domain that mail goes to: the lints refuse it.
    person = sit_down(world, world.employ())
    person.choose(MAIL)
    person.make_key(MAIL)
    assert person.press(SUMMARY, "/submission").status_code == 422
    assert person.get("/my/application").headers["Location"] == SUMMARY


def test_a_request_for_a_key_that_is_certified_for_someone_else_is_refused(
    person: Person, world: World
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    from ca.csr import verify_csr
    from ca.plan import CertificateRequest
    from tests.ca.software_hierarchy import facts_for

    world.issuance.issue(
        CertificateRequest(SIGNING, verify_csr(csr_for(key)), "person:other", facts_for(SIGNING))
    )
    person.choose(SIGNING)
    person.make_key(SIGNING, pem_csr(csr_for(key)))
    refused = person.press(SUMMARY, "/submission")
    assert refused.status_code == 409 and "someone else" in refused.text


def test_the_office_that_is_late_is_named(person: Person, world: World, clock: Any) -> None:
    page = person.apply(SIGNING)
    clock.advance(world.personal.policy.decision.within * 2)
    person = sit_down(world, person.id)
    assert "The day has passed." in person.get(page).text
    assert person.applications(page)[0].state is ApplicationState.SUBMITTED


def test_a_question_is_answered_with_what_the_list_says_by_then(
    person: Person, world: World
) -> None:
    page = person.apply(SIGNING)
    [one] = person.applications(page)
    decide(world, one, "first", Verdict.RETURNED, "Is the name right?")
    assert "Is the name right?" in person.get(page).text
    assert person.press(page, "/answer", answer=" ").status_code == 422
    with world.database.begin() as connection:
        connection.execute(update(people).values(given_name_latin="Dary"))
    answered = person.press(page, "/answer", answer="It was corrected.")
    assert "Your answer is saved" in person.follow(answered).text
    [one] = person.applications(page)
    assert one.state is ApplicationState.SUBMITTED and one.answer == "It was corrected."
    assert one.facts["given_name"] == "Dary"


@pytest.mark.parametrize(
    "single", [PersonName(surname_km="សុខ"), PersonName(given_name_latin="Sok")]
)
def test_a_single_name_is_a_name(world: World, single: PersonName) -> None:
    world.found()
    card = PersonIdentifier(IdentifierKind.NATIONAL_ID, "987654321")
    known = world.people.add(PersonDetails(single, identifiers=(card,)))
    world.people.employ(known.id, "moh", Place(staff_number="7"))
    [one] = sit_down(world, known.id).hold(SIGNING)
    certificate = x509.load_der_x509_certificate(world.delivery.certificate_of(one).certificate_der)
    named = [
        value.value for value in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    ]
    assert named == [single.khmer or single.latin]
    both = (NameOID.SURNAME, NameOID.GIVEN_NAME)
    assert sum(len(certificate.subject.get_attributes_for_oid(one)) for one in both) == 1
