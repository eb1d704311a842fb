"""The pages of circulations in a real browser, in both languages: read, signed, handed on."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from werkzeug.serving import make_server

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from camtrust.wiring import Services
from core.web.session_cookie import COOKIE
from enrollment.sessions.sessions import SignInMethod
from tests.browser.conftest import Reader, chromium, reader
from tests.browser.test_sign_in import add_authenticator, free_port
from tests.signing.approval.world import PIN, ApprovalWorld, Person, as_person, write_settings
from tests.signing.world import MovableClock

__all__ = ["chromium", "reader"]
GIVE = "/give-a-session"
WORDS = {
    "en": {"sign": "Sign", "seen": "Seen and forwarded", "name": "Name this deputy"},
    "km": {
        "sign": "ចុះហត្ថលេខា",
        "seen": "បានមើល និងបញ្ជូនបន្ត",
        "name": "តែងតាំងអ្នកតំណាងនេះ",
    },
}


@pytest.fixture
def address(world: ApprovalWorld) -> Iterator[str]:
    """Our public host, with one path more that gives a session."""
    port, home = free_port(), world.services.home
    url = world.services.settings.database_url
    world.services.close()
    write_settings(home, url)
    with (home / "camtrust.toml").open("a", encoding="utf-8") as file:
        file.write(f'[serve]\npublic_url = "http://localhost:{port}"\n')
    world.services = Services(home=home, clock=MovableClock())
    with closing(world.services):
        inner = create_app(app_parts(world.services), Listener.PUBLIC).wsgi_app

        def app(environ: dict[str, Any], start_response: Any) -> Any:
            if environ["PATH_INFO"] != GIVE:
                return inner(environ, start_response)
            cookie = f"{COOKIE}={environ['QUERY_STRING']}; Secure; HttpOnly; Path=/; SameSite=Lax"
            start_response("200 OK", [("Set-Cookie", cookie), ("Content-Type", "text/html")])
            return [b"<!doctype html>"]

        server = make_server("localhost", port, app, threaded=True)
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{port}"
        server.shutdown()
        server.server_close()


def sit_down(me: Reader, world: ApprovalWorld, person: Person, origin: str) -> None:
    """Sign somebody in, with a passkey in the browser's virtual device."""
    devtools, device = add_authenticator(me.page)
    party = world.services.registration.sign_in_parts.public.party
    software = type(person.device)(origin, counts=True)
    world.signing.add_passkey(person.id, software)
    key = software.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    credential = {
        "credentialId": base64.b64encode(software.credential_id).decode(),
        "isResidentCredential": True,
        "rpId": party.id,
        "privateKey": base64.b64encode(key).decode(),
        "userHandle": base64.b64encode(party.user_handle(person.id)).decode(),
        "signCount": 1,
    }
    devtools.send("WebAuthn.addCredential", {"authenticatorId": device, "credential": credential})
    sessions = world.services.registration.subscribers.sessions
    me.open(f"{GIVE}?{sessions.open(person.id, method=SignInMethod.PASSKEY)}")


@pytest.mark.parametrize(("language", "width"), [("km", 360), ("en", 1280)])
def test_somebody_reads_and_signs_for_themselves_and_for_another(
    world: ApprovalWorld, address: str, reader: Callable[..., Reader], language: str, width: int
) -> None:
    said = WORDS[language]
    started = world.start("12", "3a", by=as_person(world.people["1"]), title="សេចក្តីសម្រេច ១២")
    world.start("4a", "1", within=timedelta(hours=1))
    world.name_deputy("2", "1")
    me = reader(address, width=width, language=language)
    sit_down(me, world, world.people["1"], address)
    me.open("/approvals")
    me.examine("approvals-waiting")
    page = me.open(f"/approvals/{started.id}")
    me.examine("approval-before")
    # Their own place stands first, then that of whom they stand in for.
    page.locator("#pin-1").fill("00000000")
    page.get_by_role("button", name=said["sign"], exact=True).first.click()
    page.wait_for_selector(".govuk-error-summary:not(#passkey-trouble)")
    me.examine("approval-wrong-pin")
    page.locator("#pin-1").fill(PIN)
    page.get_by_role("button", name=said["sign"], exact=True).first.click()
    page.wait_for_selector("#pin-1", state="detached")
    page.locator("#pin-2").fill(PIN)
    page.get_by_role("button", name=said["sign"], exact=True).click()
    page.wait_for_selector("#pin-2", state="detached")
    me.examine("approval-after")
    assert len(world.signatures(started)) == 2
    assert world.find(started).step == 2


@pytest.mark.parametrize(("language", "width"), [("km", 360), ("en", 1280)])
def test_somebody_forwards_and_names_a_deputy(
    world: ApprovalWorld, address: str, reader: Callable[..., Reader], language: str, width: int
) -> None:
    said = WORDS[language]
    started = world.start("1", "4a")
    world.people["1"].device.origin = address
    world.sign(started, "1")
    me = reader(address, width=width, language=language)
    sit_down(me, world, world.people["4"], address)
    page = me.open(f"/approvals/{started.id}")
    me.examine("approval-acknowledge")
    page.locator("#opinion-2").fill("យល់ព្រម\nសូមមើលទំព័រ ២")
    page.get_by_role("button", name=said["seen"], exact=True).click()
    page.wait_for_selector("#opinion-2", state="detached")
    world.approval.sealing.go_on()
    page = me.open(f"/approvals/{started.id}")
    me.examine("approval-sealed")
    me.open("/approvals/new")
    me.examine("approval-new")
    page = me.open("/approvals/deputies")
    page.locator("#staff_number").fill("2")
    today = world.clock.now()
    for name in ("first", "last"):
        page.locator(f"#{name}").fill(f"{today + timedelta(days=3):%d/%m/%Y}")
    page.get_by_role("button", name=said["name"], exact=True).click()
    page.wait_for_selector("dl.govuk-summary-list")
    me.examine("approval-deputies")
    [named] = world.approval.desk.deputies.of(world.people["4"].id)
    assert named.deputy == world.people["2"].id
