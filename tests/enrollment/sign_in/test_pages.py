"""The sign-in pages and what a subscriber sees of their security, without a browser."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.errors import Malformed
from enrollment.passkeys.routes import passkey_scripts
from enrollment.sessions.sessions import SignInMethod
from enrollment.sign_in.routes import refusal_page
from tests.enrollment.passkeys.authenticator import Authenticator
from tests.enrollment.passkeys.world import device_of, subscriber
from tests.enrollment.sign_in.browser import Browser
from tests.enrollment.world import World


@pytest.fixture
def here(world: World) -> Browser:
    return Browser(create_app(world.parts(), Listener.PUBLIC))


def sign_in(browser: Browser, device: Authenticator, **fields: str) -> Any:
    """Sign in as the script would have the browser do it."""
    browser.get("/sign-in")
    asked = browser.send("/sign-in/passkey/question").get_json()
    return browser.send("/sign-in/passkey", assertion=device.get(asked), **fields)


def test_a_passkey_opens_a_session_and_leads_on(world: World, here: Browser) -> None:
    somebody = subscriber(world)
    device = device_of(world, somebody)
    answer = sign_in(here, device, back="/my/security?done=renamed")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/my/security?done=renamed")
    assert here.principal(world) == somebody
    cookie = answer.headers["Set-Cookie"]
    assert all(word in cookie for word in ("__Host-session=", "Secure", "HttpOnly", "SameSite=Lax"))


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil", "x" * 500])
def test_nobody_is_led_to_another_site(world: World, here: Browser, back: str) -> None:
    device = device_of(world, subscriber(world))
    assert sign_in(here, device, back=back).headers["Location"] == "/my/"


def test_a_new_sign_in_ends_the_session_before_it(world: World, here: Browser) -> None:
    somebody = subscriber(world)
    device = device_of(world, somebody)
    sign_in(here, device)
    before = here.cookie("__Host-session")
    sign_in(here, device)
    assert before is not None and world.sessions.find(before) is None
    assert len(world.sessions.all_of(somebody)) == 1


def test_a_shared_computer_is_signed_out_after_a_quarter_of_an_hour(
    world: World, here: Browser
) -> None:
    somebody = subscriber(world)
    sign_in(here, device_of(world, somebody), shared_computer="yes")
    assert here.get("/my/security").status_code == 200
    world.clock.advance(timedelta(minutes=16))
    assert here.get("/my/security").status_code == 401


def test_without_a_script_the_page_says_what_to_do(here: Browser) -> None:
    assert "Passkeys need a browser that runs scripts." in here.get("/sign-in").text
    refused = here.send("/sign-in/passkey")
    assert refused.status_code == 400
    assert "another way to sign in" in refused.text


def test_the_page_lets_our_own_script_run_and_nothing_else(here: Browser) -> None:
    shown = here.get("/sign-in")
    policy = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "form-action 'self' https://officers.example;" in policy
    assert shown.text.count("<script") == 1
    assert passkey_scripts.static_folder is not None
    assert here.get("/passkeys/passkeys.js").mimetype == "text/javascript"
    assert "script-src" not in here.get("/problems/").headers["Content-Security-Policy"]


def test_a_form_without_its_token_signs_nobody_in(world: World, here: Browser) -> None:
    device = device_of(world, subscriber(world))
    here.get("/sign-in")
    asked = here.send("/sign-in/passkey/question").get_json()
    refused = here.send("/sign-in/passkey", assertion=device.get(asked), form_token="other")
    assert refused.status_code == 400
    assert here.principal(world) is None


def test_attempts_of_one_address_are_limited_and_lock_nobody_out(
    world: World, here: Browser
) -> None:
    somebody = subscriber(world)
    device = device_of(world, somebody)
    flood = Browser(here.app, REMOTE_ADDR="192.0.2.1")
    flood.get("/sign-in")
    statuses = {flood.send("/sign-in/passkey", assertion="{}").status_code for _ in range(70)}
    assert statuses == {400, 429}
    elsewhere = Browser(here.app, REMOTE_ADDR="192.0.2.2")
    assert sign_in(elsewhere, device).status_code == 303
    assert elsewhere.principal(world) == somebody


def test_a_passkey_is_registered_named_and_removed(world: World, here: Browser) -> None:
    somebody = subscriber(world)
    sign_in(here, device_of(world, somebody))
    second = Authenticator(world.sign_in_parts.public.party.origin)
    asked = here.send("/my/security/passkeys/question").get_json()
    assert len(asked["excludeCredentials"]) == 1
    answer = here.send("/my/security/passkeys", credential=second.create(asked), name="សោលើខ្សែ")
    assert answer.headers["Location"] == "/my/security?done=registered"
    [_, new] = world.sign_in_parts.public.passkeys.of(somebody)
    assert "your last passkey" not in here.get(f"/my/security/passkeys/{new.id}").text
    here.send(f"/my/security/passkeys/{new.id}/name", name="spare")
    assert "spare" in here.get("/my/security").text
    here.send(f"/my/security/passkeys/{new.id}/removal")
    [left] = world.sign_in_parts.public.passkeys.of(somebody)
    assert "your last passkey" in here.get(f"/my/security/passkeys/{left.id}").text


def test_nobody_sees_or_touches_the_passkey_of_another(world: World, here: Browser) -> None:
    other = subscriber(world, "987654321")
    device_of(world, other)
    [theirs] = world.sign_in_parts.public.passkeys.of(other)
    sign_in(here, device_of(world, subscriber(world)))
    page = f"/my/security/passkeys/{theirs.id}"
    assert here.get(page).status_code == 404
    assert here.send(f"{page}/name", name="mine").status_code == 404
    assert here.send(f"{page}/removal").status_code == 404
    assert world.sign_in_parts.public.passkeys.of(other) == [theirs]


def test_past_sign_ins_and_open_sessions_are_shown_and_ended(world: World, here: Browser) -> None:
    somebody = subscriber(world)
    device = device_of(world, somebody)
    sign_in(here, device)
    world.sessions.open(somebody, method=SignInMethod.OIDC, shared_computer=True)
    shown = here.get("/my/security").text
    assert "On a computer that others use too" in shown
    assert "With a passkey: signed in" in shown
    ended = here.send("/my/security/sessions/end")
    assert ended.headers["Location"] == "/sign-in"
    assert world.sessions.all_of(somebody) == []
    assert here.get("/my/security").status_code == 401


def test_signing_out_ends_this_session_alone(world: World, here: Browser) -> None:
    somebody = subscriber(world)
    sign_in(here, device_of(world, somebody))
    world.sessions.open(somebody, method=SignInMethod.OIDC)
    assert here.send("/sign-in/out").headers["Location"] == "/sign-in"
    assert [one.method for one in world.sessions.all_of(somebody)] == ["oidc"]
    assert here.send("/sign-in/out").status_code == 303


def test_somebody_not_signed_in_is_led_to_the_sign_in_page(here: Browser) -> None:
    refused = here.get("/my/security")
    assert refused.status_code == 401
    assert "/sign-in" in refused.text


def test_what_a_refusal_repeats_is_text_and_no_page(here: Browser) -> None:
    with here.app.test_request_context("/sign-in"):
        shown = refusal_page(Malformed("<b>bold</b>", kept="<i>all</i>"), 400)
    assert "&lt;b&gt;bold" in shown and "&lt;i&gt;all" in shown


def test_the_name_of_a_passkey_is_text_and_no_page(world: World, here: Browser) -> None:
    somebody = subscriber(world)
    sign_in(here, device_of(world, somebody))
    [mine] = world.sign_in_parts.public.passkeys.of(somebody)
    here.send(f"/my/security/passkeys/{mine.id}/name", name="<b>bold</b>")
    for page in ("/my/security", f"/my/security/passkeys/{mine.id}"):
        shown = here.get(page).text
        assert "&lt;b&gt;bold" in shown and "<b>" not in shown


def test_an_answer_that_is_no_json_is_said_to_be_so(here: Browser) -> None:
    here.get("/sign-in")
    assert here.send("/sign-in/passkey", assertion=json.dumps([1])).status_code == 400
