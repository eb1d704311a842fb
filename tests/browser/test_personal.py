"""A civil servant at a browser: from a session to a certificate that openssl verifies."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from playwright.sync_api import expect
from werkzeug.serving import make_server

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.web.session_cookie import COOKIE
from enrollment.people.person import Place
from enrollment.sessions.sessions import SignInMethod
from tests.browser.conftest import WIDTHS, Reader
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.subscriber.person import SIGNING, Person, decide, sit_down
from tests.enrollment.world import World, pem_csr

WORDS = {
    "en": {
        "apply": "Apply for certificates",
        "institution": "Take this institution",
        "right": "This is right: go on",
        "keys": "Go on to the keys",
        "take": "Take this key",
        "go on": "Go on",
        "send": "Send",
        "code": "Show the code once",
        "approve": "Approve",
        "suspend": "Suspend",
        "release": "Release",
        "revoke": "Revoke",
        "for ever": "Revoke for ever",
        "renew": "Renew",
    },
    "km": {
        "apply": "ដាក់ពាក្យសុំវិញ្ញាបនបត្រ",
        "institution": "យកស្ថាប័ននេះ",
        "right": "នេះត្រឹមត្រូវ៖ បន្ត",
        "keys": "បន្តទៅសោ",
        "take": "យកសោនេះ",
        "go on": "បន្ត",
        "send": "ផ្ញើ",
        "code": "បង្ហាញលេខកូដម្តង",
        "approve": "អនុម័ត",
        "suspend": "ព្យួរ",
        "release": "ដោះការព្យួរ",
        "revoke": "ដកហូត",
        "for ever": "ដកហូតជាស្ថាពរ",
        "renew": "បន្តសុពលភាព",
    },
}
LANGUAGES = pytest.mark.parametrize("language", ["en", "km"])
WIDE = pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())


@pytest.fixture
def person(world: World) -> Person:
    """Somebody of the ministry of health, whom the world knows without a browser too."""
    world.found()
    return sit_down(world, world.employ(official_mail="dara.sok@moh.gov.kh"))


@pytest.fixture
def public_address(world: World) -> Iterator[str]:
    """The public listener, served without TLS on this machine."""
    app = create_app(world.parts(), Listener.PUBLIC)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def citizen(
    world: World, person: Person, public_address: str, reader: Callable[..., Reader]
) -> Callable[..., Reader]:
    """Sit down at a browser as the person, signed in."""

    def make(**options: Any) -> Reader:
        one: Reader = reader(public_address, **options)
        token = world.sessions.open(person.id, method=SignInMethod.PASSKEY)
        cookie = {
            "name": COOKIE,
            "value": token,
            "url": public_address.replace("http:", "https:"),
            "secure": True,
        }
        one.page.context.add_cookies([cookie])  # type: ignore[list-item]
        return one

    return make


def press(reader: Reader, word: str, language: str) -> None:
    name = WORDS[language][word]
    reader.page.get_by_role("button", name=name, exact=True).first.click()


def request_for(profile: str) -> str:
    return pem_csr(csr_for(ec.generate_private_key(ec.SECP256R1()), subject="CN=me"))


@LANGUAGES
@WIDE
def test_the_whole_way_from_a_session_to_a_certificate(
    citizen: Callable[..., Reader],
    address: Callable[..., str],
    reader: Callable[..., Reader],
    world: World,
    width: int,
    language: str,
    tmp_path: Path,
    require: Callable[[str], str],
) -> None:
    one = citizen(width=width, language=language)
    one.open("/my/")
    one.examine("my-overview-empty")
    press(one, "apply", language)
    one.examine("my-data")
    press(one, "right", language)
    one.page.locator(f'input[value="{SIGNING}"]').check()
    one.examine("my-certificates")
    press(one, "keys", language)
    one.examine("my-keys")
    one.page.locator(f'a[href$="/keys/{SIGNING}"]').click()
    one.page.locator('input[value="own-request"]').check()
    one.page.locator('textarea[name="key-request"]').fill(request_for(SIGNING))
    one.examine("my-key")
    press(one, "take", language)
    one.examine("my-keys-done")
    press(one, "go on", language)
    one.examine("my-summary")
    press(one, "send", language)
    one.examine("my-bundle-sent")
    bundle = one.page.url.partition("?")[0]
    _approve_at_the_office(world, address, reader, language)
    one.page.goto(bundle)
    one.examine("my-bundle-issued")
    one.page.locator('a.govuk-button[href*="/my/bundles/"]').click()
    one.examine("my-collect")
    press(one, "code", language)
    assert re.search(r"([0-9A-Z]{5}-){3}[0-9A-Z]{5}", one.page.inner_text("main"))
    one.examine("my-collect-code")
    with one.page.expect_download() as download:
        one.page.locator('a[href$="/pem"]').click()
    _check(Path(download.value.path()), world, tmp_path, require("openssl"))


def _approve_at_the_office(
    world: World, address: Callable[..., str], reader: Callable[..., Reader], language: str
) -> None:
    for name in ("first", "second"):
        officer = reader(address(name), language=language)
        officer.open("/office/")
        officer.page.locator(
            'main a[href*="/office/applications/"], main a[href*="/bundles/"]'
        ).first.click()
        approve = officer.page.get_by_role("button", name=WORDS[language]["approve"])
        approve.first.click()


def _check(chain: Path, world: World, folder: Path, openssl: str) -> None:
    root = world.authorities.chain("people-1")[-1]
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    # The tests' clock stands in November 2026.
    command = [openssl, "verify", "-attime", "1795600000", "-CAfile", str(folder / "root.pem")]
    done = subprocess.run([*command, "-untrusted", chain, chain], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@LANGUAGES
def test_whom_two_institutions_list_chooses_one(
    citizen: Callable[..., Reader], person: Person, world: World, language: str
) -> None:
    world.people.employ(person.id, world.found("moi"), Place(staff_number="77"))
    one = citizen(width=360, language=language)
    page = one.open("/my/")
    press(one, "apply", language)
    one.examine("my-data-two-institutions")
    page.locator('input[type="radio"][value="moh"]').check()
    press(one, "institution", language)
    one.examine("my-data-chosen")
    expect(page.locator('input[type="radio"][value="moh"]')).to_be_checked()


@LANGUAGES
@WIDE
def test_what_a_holder_does_with_a_certificate(
    citizen: Callable[..., Reader], person: Person, world: World, width: int, language: str
) -> None:
    [held] = person.hold(SIGNING)
    one = citizen(width=width, language=language)
    one.open("/my/")
    one.examine("my-overview")
    one.open("/my/certificates")
    one.examine("my-holdings")
    one.open(f"/my/certificates/{held.id}")
    one.examine("my-certificate")
    press(one, "suspend", language)
    one.examine("my-certificate-suspended")
    one.page.locator("#code").fill("12345")
    press(one, "release", language)
    one.examine("my-certificate-code-wrong")
    press(one, "revoke", language)
    one.examine("my-certificate-reason-missing")
    one.page.locator('input[value="keyCompromise"]').check()
    press(one, "revoke", language)
    one.examine("my-certificate-revoked")


@LANGUAGES
@WIDE
def test_a_stranger_with_the_paper_revokes_by_code(
    reader: Callable[..., Reader],
    public_address: str,
    person: Person,
    world: World,
    width: int,
    language: str,
) -> None:
    [held] = person.hold(SIGNING)
    code = world.personal.pages.collecting.revocation_code(held, anew=False)
    stranger = reader(public_address, width=width, language=language)
    stranger.open("/revoke")
    stranger.examine("revoke")
    stranger.page.locator("#code").fill("wrong")
    stranger.page.locator("#code").press("Enter")
    stranger.examine("revoke-mistyped")
    stranger.page.locator("#code").fill(code.lower())
    stranger.page.locator("#code").press("Enter")
    stranger.examine("revoke-choice")
    stranger.page.locator('input[value="keyCompromise"]').check()
    press(stranger, "for ever", language)
    stranger.examine("revoke-done")
    assert world.personal.holdings.of_code(code).standing == "revoked"


@LANGUAGES
@WIDE
def test_a_refusal_is_read_objected_to_and_answered(
    citizen: Callable[..., Reader],
    address: Callable[..., str],
    reader: Callable[..., Reader],
    person: Person,
    world: World,
    width: int,
    language: str,
) -> None:
    page = person.apply(SIGNING)
    from enrollment.application import Verdict

    decide(
        world, person.applications(page)[0], "first", Verdict.REFUSED, "បញ្ជីចាស់។ The list is old."
    )
    one = citizen(width=width, language=language)
    one.open(page)
    one.examine("my-bundle-refused")
    one.page.locator("summary").first.click()
    one.page.locator("textarea").first.fill("The list of March has it right.")
    one.page.locator("details form button").first.click()
    one.examine("my-objection")
    one.open("/my/objections")
    one.examine("my-objections")
    officer = reader(address("answering"), width=width, language=language)
    officer.open("/office/objections")
    officer.examine("office-objections")
    officer.page.locator("tbody a").first.click()
    officer.examine("office-objection")
    officer.page.locator("#outcome").check()
    officer.page.locator("#answer").fill("You are right: apply again.")
    officer.page.locator('form[action$="/answer"] button').click()
    officer.examine("office-objection-answered")
    one.page.locator("tbody a, main li a").first.click()
    one.examine("my-objection-answered")


@LANGUAGES
@WIDE
def test_a_renewal_is_offered_and_begun_with_one_click(
    citizen: Callable[..., Reader],
    person: Person,
    world: World,
    clock: Any,
    width: int,
    language: str,
) -> None:
    from datetime import timedelta

    person.hold(SIGNING)
    clock.advance(timedelta(days=1095 - 30))
    one = citizen(width=width, language=language)
    one.open("/my/")
    one.examine("my-overview-renewal")
    press(one, "renew", language)
    one.page.wait_for_url("**/my/application/keys")
    one.examine("my-renewal-keys")


def test_the_steps_are_walked_by_keyboard(citizen: Callable[..., Reader]) -> None:
    one = citizen(language="en")
    page = one.open("/my/application/data")
    one.open("/my/")
    page.get_by_role("button", name="Apply for certificates").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/application/data")
    page.get_by_role("button", name="This is right: go on").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/application/certificates")
    page.locator("#profile-1").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Go on to the keys").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/application/keys")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "govuk-skip-link"


def test_the_back_button_and_a_second_tab_do_no_harm(
    citizen: Callable[..., Reader], person: Person, world: World
) -> None:
    one = citizen(language="en")
    person.choose(SIGNING)
    person.make_key(SIGNING)
    page = one.open("/my/application/summary")
    second = page.context.new_page()
    second.goto(page.url)
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**/my/bundles/**")
    second.get_by_role("button", name="Send", exact=True).click()
    second.wait_for_url("**/my/bundles/**")
    page.go_back()
    assert len(world.personal.bundles.of(person.id, limit=9)) == 1


@LANGUAGES
def test_a_difference_from_the_register_is_explained(
    world: World,
    reader: Callable[..., Reader],
    language: str,
) -> None:
    from enrollment.subscriber.identity_check import CheckOutcome, IdentityFinding

    register = world.personal.use_register()
    register.finding = IdentityFinding(CheckOutcome.DIFFERS, ("date_of_birth", "surname_km"))
    world.found()
    someone = sit_down(world, world.employ())
    app = create_app(world.parts(), Listener.PUBLIC)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        place = f"http://localhost:{server.port}"
        one = reader(place, width=360, language=language)
        token = world.sessions.open(someone.id, method=SignInMethod.PASSKEY)
        cookie = {
            "name": COOKIE,
            "value": token,
            "url": place.replace("http:", "https:"),
            "secure": True,
        }
        one.page.context.add_cookies([cookie])  # type: ignore[list-item]
        one.open("/my/")
        press(one, "apply", language)
        press(one, "right", language)
        one.examine("my-data-differs")
    finally:
        server.shutdown()
        server.server_close()
