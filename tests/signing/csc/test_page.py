"""The signer's page in a real browser: read, confirmed by PIN and passkey, left for the program."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.serving import make_server

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from camtrust.wiring import Services
from core.errors import CamtrustError
from core.web.session_cookie import COOKIE
from enrollment.sessions.sessions import SignInMethod
from tests.browser.conftest import Reader, chromium, reader
from tests.browser.test_sign_in import add_authenticator, free_port
from tests.signing.csc.world import b64, program
from tests.signing.world import PERSON, PIN, MovableClock, SigningWorld, digest, write_settings

__all__ = ["chromium", "reader"]
GIVE = "/give-a-session"
BACK_AT_PROGRAM = "/program"
SIGN = {"en": "Sign", "km": "ចុះហត្ថលេខា"}


class Site:
    """Our public host, with two paths more: one gives a session, the other is the program."""

    def __init__(self, world: SigningWorld, port: int) -> None:
        self.world = world
        self.address = f"http://localhost:{port}"
        self.came_back: dict[str, str] = {}
        inner = create_app(app_parts(world.services), Listener.PUBLIC).wsgi_app

        def app(environ: dict[str, Any], start_response: Any) -> Any:
            html = [("Content-Type", "text/html")]
            if environ["PATH_INFO"] == GIVE:
                cookie = f"{COOKIE}={environ['QUERY_STRING']}; Secure; HttpOnly; Path=/"
                start_response("200 OK", [("Set-Cookie", f"{cookie}; SameSite=Lax"), *html])
                return [b"<!doctype html>"]
            if environ["PATH_INFO"] == BACK_AT_PROGRAM:
                query = parse_qs(environ["QUERY_STRING"])
                self.came_back = {name: one[0] for name, one in query.items()}
                start_response("200 OK", html)
                return [b"<!doctype html><title>program</title>"]
            return inner(environ, start_response)

        self.server = make_server("localhost", port, app, threaded=True)
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def site(world: SigningWorld) -> Iterator[Site]:
    port, home = free_port(), world.services.home
    url = world.services.settings.database_url
    world.services.close()
    write_settings(home, url)
    with (home / "camtrust.toml").open("a", encoding="utf-8") as file:
        file.write(f'[serve]\npublic_url = "http://localhost:{port}"\n')
    world.services = Services(home=home, clock=MovableClock())
    with closing(world.services):
        made = Site(world, port)
        yield made
        made.server.shutdown()
        made.server.server_close()


@pytest.mark.parametrize(("language", "width"), [("km", 360), ("en", 1280)])
def test_somebody_reads_confirms_and_is_back_at_the_program(
    site: Site, reader: Callable[..., Reader], language: str, width: int
) -> None:
    world = site.world
    ours = program(world)
    back = f"{site.address}{BACK_AT_PROGRAM}"
    world.services.csc.addresses.add(ours.id, back, by="registrar")
    me = reader(site.address, width=width, language=language)
    put_passkey_into(me, world, site.address)
    sessions = world.services.registration.subscribers.sessions
    me.open(f"{GIVE}?{sessions.open(PERSON.id, method=SignInMethod.PASSKEY)}")
    named = {"hash": b64(digest("contract")), "label": "Decision 12/2026"}
    details = json.dumps(
        [{"type": "credential", "credentialID": world.person.id, "documentDigests": [named]}]
    )
    page = me.open(
        ours.authorization_url("contract", redirect_uri=back, authorization_details=details)
    )
    me.examine("signing-page")
    assert digest("contract").hex() in page.content()
    page.locator("#pin").fill(PIN)
    page.get_by_role("button", name=SIGN[language], exact=True).click()
    page.wait_for_url(f"{back}**")
    assert urlsplit(page.url).path == BACK_AT_PROGRAM
    assert set(site.came_back) == {"code", "state", "iss"}
    token = ours.redeem(site.came_back["code"], redirect_uri=back).get_json()
    assert token["credentialID"] == world.person.id


@pytest.mark.parametrize(("language", "width"), [("km", 360), ("en", 1280)])
def test_somebody_changes_the_pin_and_opens_a_locked_key(
    site: Site, reader: Callable[..., Reader], language: str, width: int
) -> None:
    world = site.world
    me = reader(site.address, width=width, language=language)
    put_passkey_into(me, world, site.address)
    sessions = world.services.registration.subscribers.sessions
    me.open(f"{GIVE}?{sessions.open(PERSON.id, method=SignInMethod.PASSKEY)}")
    page = me.open("/my/signing-keys")
    me.examine("signing-keys")
    page.locator(".govuk-summary-list__actions a").click()
    me.examine("signing-key")
    for field, typed in (("pin", PIN), ("new_pin", "83516294"), ("new_pin_again", "83516294")):
        page.locator(f"#{field}").fill(typed)
    page.locator("button[data-question$='/pin/question']").click()
    page.wait_for_url("**done=pin")
    me.examine("signing-key-changed")
    assert world.signing.gate.open(world.person.id, "83516294")
    for _ in range(5):
        with pytest.raises(CamtrustError):
            world.signing.gate.open(world.person.id, "00112233")
    page = me.open(f"/my/signing-keys/{world.person.id}")
    me.examine("signing-key-locked")
    page.locator("button[data-question$='/unlocking/question']").click()
    page.wait_for_url("**done=unlocking")
    assert world.signing.gate.open(world.person.id, "83516294")


def put_passkey_into(me: Reader, world: SigningWorld, origin: str) -> None:
    """Register a passkey of the browser's virtual device for the person."""
    devtools, device = add_authenticator(me.page)
    side = world.services.registration.sign_in_parts.public
    software = type(world.device)(origin, counts=True)
    world.add_passkey(PERSON.id, software)
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = software.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    devtools.send(
        "WebAuthn.addCredential",
        {
            "authenticatorId": device,
            "credential": {
                "credentialId": base64.b64encode(software.credential_id).decode(),
                "isResidentCredential": True,
                "rpId": side.party.id,
                "privateKey": base64.b64encode(key).decode(),
                "userHandle": base64.b64encode(side.party.user_handle(PERSON.id)).decode(),
                "signCount": 1,
            },
        },
    )
