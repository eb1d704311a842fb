"""What a holder sees and does, signed in and with the revocation code."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from ca.register import GOOD, RegisteredCertificate
from camtrust.app import create_app
from camtrust.listeners import Listener
from enrollment.application import Application, ApplicationState
from enrollment.jurisdiction import Jurisdiction
from enrollment.objections.objection import Outcome
from enrollment.people.models import people
from enrollment.revocation_codes.codes import RevocationCodeUnknown
from enrollment.subscriber.identity_check import CheckOutcome, IdentityFinding
from tests.enrollment.subscriber.person import (
    SIGN_IN,
    SIGNING,
    Person,
    approve,
    new_request,
    sit_down,
)
from tests.enrollment.world import World

CODE = re.compile(r"[0-9A-Z]{5}(?:-[0-9A-Z]{5}){3}")


def standing(world: World, one: Application) -> RegisteredCertificate:
    assert one.serial_number is not None
    [found] = world.register.find(one.serial_number, authority=one.authority)
    return found


def code_of(person: Person, one: Application, **fields: str) -> str:
    page = f"/my/bundles/{one.bundle}/{one.id}"
    shown = person.press(page, "/code", **fields)
    found = CODE.search(shown.text)
    assert found is not None, shown.text
    return found.group()


def near_the_end(world: World, clock: Any, days: int = 30) -> None:
    clock.advance(timedelta(days=1095 - days))


@pytest.fixture
def stranger(world: World) -> FlaskClient:
    return create_app(world.parts(), Listener.PUBLIC).test_client()


def by_code(client: FlaskClient, path: str, **fields: str) -> Any:
    """Send the form of /revoke, as a page in hand has it."""
    token = re.search(r'name="form_token" value="([^"]+)"', client.get("/revoke").text)
    assert token is not None
    english = {"Accept-Language": "en"}
    return client.post(path, data={"form_token": token.group(1), **fields}, headers=english)


def test_the_revocation_code_is_shown_once_and_replaced_when_it_is_lost(
    person: Person, world: World
) -> None:
    [one] = person.hold(SIGNING)
    page = f"/my/bundles/{one.bundle}/{one.id}"
    form = person.form(page, "/code")
    first = CODE.search(person.send(form).text)
    assert first is not None
    assert person.send(form).status_code == 409  # a double click shows no second one
    assert not CODE.search(person.get(page).text)
    second = code_of(person, one)
    assert second != first.group()
    assert world.personal.holdings.of_code(second).serial_number == one.serial_number
    with pytest.raises(RevocationCodeUnknown):
        world.personal.holdings.of_code(first.group())


def test_a_holder_suspends_and_releases_with_sign_in_and_code(person: Person, world: World) -> None:
    [one] = person.hold(SIGNING)
    code = code_of(person, one)
    page = f"/my/certificates/{one.id}"
    suspended = person.press(page, "/suspension")
    assert "The certificate is suspended." in person.follow(suspended).text
    assert standing(world, one).standing == "on-hold"
    assert person.press(page, "/release", code="wrong").status_code == 422
    released = person.press(page, "/release", code=code.lower().replace("-", " "))
    assert "it is valid again" in person.follow(released).text
    assert standing(world, one).standing == GOOD


def test_the_code_of_another_certificate_releases_nothing(person: Person, world: World) -> None:
    one, other = person.hold(SIGN_IN, SIGNING)
    page = f"/my/certificates/{one.id}"
    person.press(page, "/suspension")
    refused = person.press(page, "/release", code=code_of(person, other))
    assert refused.status_code == 422 and "of another certificate" in refused.text
    assert standing(world, one).standing == "on-hold"


def test_what_the_office_suspended_the_office_releases(person: Person, world: World) -> None:
    [one] = person.hold(SIGNING)
    code_of(person, one)
    assert one.serial_number is not None
    world.revocation.hold(serial_number=one.serial_number, authority=one.authority)
    page = f"/my/certificates/{one.id}"
    shown = person.get(page).text
    assert "Your office suspended it" in shown and 'name="code"' not in shown
    person.press(page, "/objections", text="I am back from leave.")
    [asked] = world.personal.objections.of_person(person.id, limit=9)
    world.enroll("moh-officer", institution="moh")
    world.personal.objecting.answer(
        asked.id,
        outcome=Outcome.ACCEPTED,
        answer="Welcome back.",
        answered_by="moh-officer",
        seen_by=Jurisdiction("moh"),
    )
    assert standing(world, one).standing == GOOD


def test_a_second_hold_by_the_office_is_not_the_holders_to_release(
    person: Person, world: World, clock: Any
) -> None:
    [one] = person.hold(SIGNING)
    code = code_of(person, one)
    page = f"/my/certificates/{one.id}"
    person.press(page, "/suspension")
    person.press(page, "/release", code=code)
    clock.advance(timedelta(minutes=1))
    assert one.serial_number is not None
    world.revocation.hold(serial_number=one.serial_number, authority=one.authority)
    assert "Your office suspended it" in person.get(page).text


def test_a_holder_revokes_and_sees_the_reason_afterwards(person: Person, world: World) -> None:
    [one] = person.hold(SIGNING)
    page = f"/my/certificates/{one.id}"
    assert person.press(page, "/revocation").status_code == 422
    assert person.press(page, "/revocation", reason="cACompromise").status_code == 422
    shown = person.follow(person.press(page, "/revocation", reason="keyCompromise")).text
    assert "is revoked" in shown and "lost or known to others" in shown
    assert "/revocation" not in shown and "Get a new key" in shown
    assert standing(world, one).reason == "keyCompromise"


def test_the_code_alone_suspends(person: Person, world: World, stranger: FlaskClient) -> None:
    [one] = person.hold(SIGNING)
    code = code_of(person, one)
    shown = by_code(stranger, "/revoke", code=code)
    assert "Nothing was changed yet." in shown.text and "Sok" not in shown.text
    assert standing(world, one).standing == GOOD
    done = by_code(stranger, "/revoke/suspension", code=code)
    assert "The certificate is suspended." in done.text
    assert by_code(stranger, "/revoke/suspension", code=code).status_code == 200
    assert standing(world, one).standing == "on-hold"
    # It was the holder's own paper: with the sign-in it is released.
    person.press(f"/my/certificates/{one.id}", "/release", code=code)
    assert standing(world, one).standing == GOOD


def test_the_code_alone_revokes_with_a_reason(
    person: Person, world: World, stranger: FlaskClient
) -> None:
    [one] = person.hold(SIGNING)
    code = code_of(person, one)
    asked = by_code(stranger, "/revoke/revocation", code=code)
    assert asked.status_code == 422 and "Choose why" in asked.text
    khmer = code.translate({ord(str(digit)): 0x17E0 + digit for digit in range(10)})
    done = by_code(stranger, "/revoke/revocation", code=khmer, reason="keyCompromise")
    assert "The certificate is revoked." in done.text
    assert standing(world, one).reason == "keyCompromise"
    assert "revoked already" in by_code(stranger, "/revoke", code=code).text


@pytest.mark.parametrize("typed", ["", "12345", "AAAAA-AAAAA-AAAAA-AAAAA", "' OR 1=1", "x" * 4000])
def test_what_is_no_code_is_refused_on_its_page(
    person: Person, stranger: FlaskClient, typed: str
) -> None:
    refused = by_code(stranger, "/revoke", code=typed)
    assert refused.status_code == 422 and "govuk-error-summary" in refused.text


def test_opening_the_page_of_codes_changes_nothing(stranger: FlaskClient) -> None:
    assert stranger.get("/revoke").status_code == 200
    assert stranger.get("/revoke/revocation").status_code == 405


def test_guesses_are_counted(person: Person, stranger: FlaskClient) -> None:
    answers = [by_code(stranger, "/revoke", code="12345").status_code for _ in range(12)]
    assert answers[0] == 422 and answers[-1] == 429


def test_a_renewal_opens_sixty_days_before_the_end(
    person: Person, world: World, clock: Any
) -> None:
    [one] = person.hold(SIGNING)
    page = f"/my/certificates/{one.id}"
    assert "/renewal" not in person.get(page).text
    near_the_end(world, clock, days=59)
    person = sit_down(world, person.id)
    assert "/renewal" in person.get(page).text
    assert re.search(r"ends in (58|59) days", person.get("/my/").text)


def test_a_renewal_takes_over_everything_but_the_key(
    person: Person, world: World, clock: Any
) -> None:
    [one] = person.hold(SIGNING)
    near_the_end(world, clock)
    person = sit_down(world, person.id)
    page = f"/my/certificates/{one.id}"
    begun = person.press(page, "/renewal")
    assert begun.headers["Location"] == "/my/application"
    assert person.get("/my/application").headers["Location"] == "/my/application/keys"
    person.make_key(SIGNING)
    sent = person.press("/my/application/summary", "/submission")
    [renewed] = person.applications(sent.headers["Location"].partition("?")[0])
    assert renewed.state is ApplicationState.SUBMITTED and renewed.approvals_needed == 2
    shown = person.get(page).text
    assert "A new certificate for it is under way." in shown and "/renewal" not in shown
    approve(world, renewed)
    assert standing(world, one).standing == GOOD  # the old one lives to its end


def test_the_old_key_is_refused_in_a_renewal(person: Person, world: World, clock: Any) -> None:
    request = new_request()
    person.choose(SIGNING)
    person.make_key(SIGNING, request)
    sent = person.press("/my/application/summary", "/submission").headers["Location"]
    [one] = person.applications(sent.partition("?")[0])
    approve(world, one)
    near_the_end(world, clock)
    person = sit_down(world, person.id)
    person.press(f"/my/certificates/{one.id}", "/renewal")
    assert person.make_key(SIGNING, request).status_code == 422


def listed_with(world: World, **renewal: Any) -> Person:
    """Somebody under another policy, whom the identity register knows."""
    world.personal.use_policy(**renewal)
    world.personal.use_register().finding = IdentityFinding(CheckOutcome.MATCHES)
    world.found()
    return sit_down(world, world.employ(official_mail="dara.sok@moh.gov.kh"))


def test_one_click_renews_where_the_policy_lets_the_key_live_on(world: World, clock: Any) -> None:
    person = listed_with(world, same_key={SIGN_IN}, without_officers={SIGN_IN})
    [one] = person.hold(SIGN_IN)
    near_the_end(world, clock)
    person = sit_down(world, person.id)
    form = person.form(f"/my/certificates/{one.id}", "/renewal")
    done = person.send(form)
    [renewed] = person.applications(done.headers["Location"].partition("?")[0])
    assert renewed.state is ApplicationState.ISSUED and renewed.approvals_needed == 0
    assert renewed.public_key_sha256 == one.public_key_sha256
    again = person.send(form)
    assert again.headers["Location"].partition("?")[0].endswith(renewed.bundle or "?")


def test_changed_data_needs_officers_whatever_the_policy_says(world: World, clock: Any) -> None:
    person = listed_with(world, without_officers={SIGNING})
    [one] = person.hold(SIGNING)
    near_the_end(world, clock)
    with world.database.begin() as connection:
        connection.execute(update(people).values(given_name_latin="Dary"))
    person = sit_down(world, person.id)
    person.press(f"/my/certificates/{one.id}", "/renewal")
    assert person.get("/my/application").headers["Location"] == "/my/application/data"
    person.press("/my/application/data", "/data")
    person.make_key(SIGNING)
    sent = person.press("/my/application/summary", "/submission")
    [renewed] = person.applications(sent.headers["Location"].partition("?")[0])
    assert renewed.approvals_needed == 2


def test_a_lost_key_is_suspended_and_replaced_by_a_new_one(person: Person, world: World) -> None:
    [one] = person.hold(SIGNING)
    page = f"/my/certificates/{one.id}"
    person.press(page, "/suspension")
    begun = person.press(page, "/re-key")
    assert begun.headers["Location"] == "/my/application"
    # CP 3.3.2: identified anew.
    assert person.get("/my/application").headers["Location"] == "/my/application/data"
    person.press("/my/application/data", "/data")
    person.make_key(SIGNING)
    sent = person.press("/my/application/summary", "/submission")
    [fresh] = person.applications(sent.headers["Location"].partition("?")[0])
    approve(world, fresh)
    assert person.get("/my/certificates").text.count('<th scope="row"') == 2


def test_another_draft_in_the_way_is_named(person: Person, world: World) -> None:
    [one] = person.hold(SIGNING)
    person.choose(SIGN_IN)
    refused = person.press(f"/my/certificates/{one.id}", "/re-key")
    assert refused.status_code == 409 and "You began another application" in refused.text
    assert world.personal.drafts.find(person.id) is not None


def test_an_early_renewal_is_refused(person: Person, clock: Any) -> None:
    [one] = person.hold(SIGNING)
    path, hidden = person.form(f"/my/certificates/{one.id}", "/re-key")
    refused = person.send((path.replace("/re-key", "/renewal"), hidden))
    assert refused.status_code == 409 and "too early" in refused.text


def test_only_actions_that_are_possible_are_offered(
    person: Person, world: World, clock: Any
) -> None:
    [one] = person.hold(SIGNING)
    page = f"/my/certificates/{one.id}"
    shown = person.get(page).text
    assert "/suspension" in shown and "/revocation" in shown and "/release" not in shown
    clock.advance(timedelta(days=1200))
    person = sit_down(world, person.id)
    shown = person.get(page).text
    assert "Expired" in shown
    for action in ("/suspension", "/revocation", "/release", "/renewal"):
        assert action not in shown


def test_nobody_acts_on_anothers_certificate(person: Person, world: World) -> None:
    [one] = person.hold(SIGNING)
    other = sit_down(world, world.employ(number="987654321"))
    _path, hidden = other.form("/my/", "/my/application")
    for action in ("suspension", "release", "revocation", "renewal", "re-key"):
        fields = {"reason": "keyCompromise", "code": "K7M2Q-0XVTA-93HNE-RW5D8"}
        answer = other.send((f"/my/certificates/{one.id}/{action}", hidden), **fields)
        assert answer.status_code == 404, action
    assert standing(world, one).standing == GOOD
