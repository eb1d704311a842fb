"""Passkeys in a real browser with a virtual authenticator: subscribers sign in, officers decide."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.web.session_cookie import COOKIE
from enrollment.sessions.sessions import SignInMethod
from enrollment.sign_in.openid.settings import OpenIdSettings
from enrollment.sign_in.settings import SignInSettings
from enrollment.step_up.settings import StepUpSettings
from tests.browser.conftest import WIDTHS, Reader
from tests.enrollment.passkeys.world import subscriber
from tests.enrollment.sign_in.provider import CLIENT, SECRET, TestProvider, serving
from tests.enrollment.world import Caller, World, front_header

SIGN_IN = {"en": "Sign in with a passkey", "km": "ចូលប្រើដោយសោចូល"}
REGISTER = {"en": "Register a passkey", "km": "ចុះឈ្មោះសោចូល"}
REGISTERED = {"en": "The passkey is registered.", "km": "សោចូលត្រូវបានចុះឈ្មោះ"}
CONFIRM = {"en": "Confirm", "km": "បញ្ជាក់"}
APPROVE = {"en": "Approve", "km": "អនុម័ត"}
APPROVED = {"en": "Your approval is recorded.", "km": "ការអនុម័តរបស់អ្នក"}
LANGUAGES = ("en", "km")
GIVE = "/give-a-session"


@dataclass
class Hosts:
    """Both listeners of one world, on localhost, where browsers allow passkeys without TLS."""

    world: World
    servers: list[Any]
    public_port: int
    officers_port: int

    @property
    def public(self) -> str:
        return f"http://localhost:{self.public_port}"

    def serve_public(self) -> str:
        """Serve the public host, with a path that gives a browser a session's cookie."""
        inner = create_app(self.world.parts(), Listener.PUBLIC).wsgi_app

        def giving(environ: dict[str, Any], start_response: Any) -> Any:
            if environ["PATH_INFO"] != GIVE:
                return inner(environ, start_response)
            cookie = f"{COOKIE}={environ['QUERY_STRING']}; Secure; HttpOnly; Path=/; SameSite=Lax"
            start_response("200 OK", [("Set-Cookie", cookie), ("Content-Type", "text/html")])
            return [b"<!doctype html>"]

        self._serve(giving, self.public_port)
        return self.public

    def serve_officers(self, certificates: dict[str, Any]) -> str:
        """Serve the officers' host; a cookie ``as`` says whose certificate the front saw."""
        inner = create_app(self.world.parts(), Listener.OFFICERS).wsgi_app

        def behind_the_front(environ: dict[str, Any], start_response: Any) -> Any:
            cookies = dict(
                pair.strip().split("=", 1)
                for pair in environ.get("HTTP_COOKIE", "").split(";")
                if "=" in pair
            )
            header = front_header(certificates[cookies["as"]])
            return inner(environ | {"HTTP_X_SSL_CLIENT_CERT": header}, start_response)

        self._serve(behind_the_front, self.officers_port)
        return f"http://localhost:{self.officers_port}"

    def _serve(self, app: Any, port: int) -> None:
        server = make_server("localhost", port, app, threaded=True)
        Thread(target=server.serve_forever, daemon=True).start()
        self.servers.append(server)


@pytest.fixture
def hosts(world: World) -> Iterator[Hosts]:
    ports = [free_port(), free_port()]
    world.public_url = f"http://localhost:{ports[0]}"
    world.sign_in_settings = SignInSettings(officers_url=f"http://localhost:{ports[1]}")
    made = Hosts(world, [], *ports)
    yield made
    for server in made.servers:
        server.shutdown()
        server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def add_authenticator(page: Page, **options: Any) -> tuple[Any, str]:
    """Give the browser a device that verifies its user; return CDP's session and the device."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    wanted = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": wanted | options})
    return devtools, made["authenticatorId"]


def open_session(reader: Reader, hosts: Hosts, somebody: str) -> None:
    token = hosts.world.sessions.open(somebody, method=SignInMethod.INVITATION)
    reader.open(f"{GIVE}?{token}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
def test_a_subscriber_registers_a_passkey_and_signs_in_with_it(
    hosts: Hosts, reader: Callable[..., Reader], width: int, language: str
) -> None:
    somebody = subscriber(hosts.world)
    me = reader(hosts.serve_public(), width=width, language=language)
    add_authenticator(me.page)
    open_session(me, hosts, somebody)
    page = me.open("/my/security")
    me.examine("security-empty")
    page.locator("#name").fill("phone")
    page.get_by_role("button", name=REGISTER[language]).click()
    page.get_by_text(REGISTERED[language]).wait_for()
    me.examine("security-registered")
    page.locator("a[href*='/my/security/passkeys/']").click()
    me.examine("security-last-passkey")
    page.locator(".camtrust-header__who button").first.click()
    page.wait_for_url("**/sign-in")
    me.examine("sign-in")
    page.locator("#shared_computer").check()
    page.get_by_role("button", name=SIGN_IN[language]).click()
    page.wait_for_url("**/my/")
    [session] = hosts.world.sessions.all_of(somebody)
    assert (session.method, session.shared_computer) == (SignInMethod.PASSKEY, True)
    me.examine("signed-in")


def test_a_device_that_does_not_answer_is_said_to_be_so(
    hosts: Hosts, reader: Callable[..., Reader]
) -> None:
    me = reader(hosts.serve_public(), language="en")
    devtools, device = add_authenticator(me.page)
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page = me.open("/sign-in")
    page.get_by_role("button", name=SIGN_IN["en"]).click()
    page.get_by_text("The passkey did not answer.").wait_for()
    expect(page.locator("#passkey-trouble")).to_be_focused()
    me.examine("sign-in-no-answer")


def test_a_device_with_a_passkey_is_not_registered_twice(
    hosts: Hosts, reader: Callable[..., Reader]
) -> None:
    somebody = subscriber(hosts.world)
    me = reader(hosts.serve_public(), language="en")
    add_authenticator(me.page)
    open_session(me, hosts, somebody)
    page = me.open("/my/security")
    page.get_by_role("button", name=REGISTER["en"]).click()
    page.get_by_text(REGISTERED["en"]).wait_for()
    page.get_by_role("button", name=REGISTER["en"]).click()
    page.get_by_text("This device has a passkey of yours already.").wait_for()
    assert len(hosts.world.sign_in_parts.public.passkeys.of(somebody)) == 1


def test_a_passkey_of_nobody_here_is_refused_with_a_page(
    hosts: Hosts, reader: Callable[..., Reader]
) -> None:
    somebody = subscriber(hosts.world)
    me = reader(hosts.serve_public(), language="en")
    add_authenticator(me.page)
    open_session(me, hosts, somebody)
    page = me.open("/my/security")
    page.get_by_role("button", name=REGISTER["en"]).click()
    page.get_by_text(REGISTERED["en"]).wait_for()
    kept = hosts.world.sign_in_parts.public.passkeys
    kept.remove(somebody, kept.of(somebody)[0].id)
    page = me.open("/sign-in")
    page.get_by_role("button", name=SIGN_IN["en"]).click()
    page.get_by_role("heading", name="This passkey does not open anything here").wait_for()
    me.examine("sign-in-refused")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_browser_that_cannot_says_so_in_its_readers_language(
    hosts: Hosts, reader: Callable[..., Reader], language: str
) -> None:
    me = reader(hosts.serve_public(), width=WIDTHS["phone"], language=language)
    me.page.add_init_script("delete window.PublicKeyCredential")
    page = me.open("/sign-in")
    unable = {"en": "This browser cannot use passkeys.", "km": "មិនអាចប្រើសោចូលបានទេ"}
    page.get_by_text(unable[language]).wait_for()
    me.examine("sign-in-unable")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
def test_a_holder_of_a_certificate_is_handed_over(
    hosts: Hosts, reader: Callable[..., Reader], width: int, language: str
) -> None:
    from tests.ca.software_hierarchy import facts_for

    identifier = facts_for("person-authentication")["identifier"]
    somebody = subscriber(hosts.world, str(identifier).removeprefix("IDCKH-"))
    certificate = hosts.world.issue("person-authentication", f"person:{identifier}")
    address = hosts.serve_public()
    officers = hosts.serve_officers({"me": certificate})
    me = reader(address, width=width, language=language)
    me.page.context.add_cookies([{"name": "as", "value": "me", "url": officers}])
    me.open("/sign-in").locator("button[formaction='/sign-in/certificate']").click()
    me.page.wait_for_url(f"{officers}/certificate-sign-in**")
    me.address = "http://localhost"  # both hosts are ours
    me.examine("certificate-sign-in")
    me.page.locator("form[action='/certificate-sign-in'] button").click()
    me.page.wait_for_url("**/my/")
    assert [one.method for one in hosts.world.sessions.all_of(somebody)] == ["certificate"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_provider_signs_somebody_in(
    hosts: Hosts, reader: Callable[..., Reader], tmp_path: Path, clock: Any, language: str
) -> None:
    somebody = subscriber(hosts.world)
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    with serving(TestProvider(clock)) as provider:
        settings = OpenIdSettings(
            issuer=provider.issuer,
            client_id=CLIENT,
            client_secret_file=secret,
            networks=(ip_network("127.0.0.0/8"),),
        )
        hosts.world.sign_in_settings = SignInSettings(openid=settings)
        me = reader(hosts.serve_public(), width=WIDTHS["phone"], language=language)
        page = me.open("/sign-in")
        me.examine("sign-in-provider")
        page.locator("#shared_computer").check()
        page.locator("button[formaction='/sign-in/openid']").click()
        page.wait_for_url("**/my/")
        [session] = hosts.world.sessions.all_of(somebody)
        assert (session.method, session.shared_computer) == (SignInMethod.OIDC, True)
        provider.person = "999999999"
        page = me.open("/sign-in")
        page.locator("button[formaction='/sign-in/openid']").click()
        page.wait_for_url("**/sign-in/openid/answer**")
        me.address = "http://"  # the provider is not ours
        me.examine("sign-in-not-known")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
def test_officers_confirm_each_others_passkeys_and_decide_with_them(
    hosts: Hosts, reader: Callable[..., Reader], width: int, language: str
) -> None:
    world = hosts.world
    world.step_up_settings = StepUpSettings(by="passkey")
    for officer in ("clerk", "first", "second"):
        world.enroll(officer)
    officers = hosts.serve_officers(world.held)
    client = create_app(world.parts(), Listener.OFFICERS).test_client()
    application = Caller(client, world.held["clerk"]).submit().get_json()["id"]
    first, second = (reader(officers, width=width, language=language) for _ in ("first", "second"))
    for one, name in ((first, "first"), (second, "second")):
        one.page.context.add_cookies([{"name": "as", "value": name, "url": officers}])
        add_authenticator(one.page)
    page = first.open(f"/office/applications/{application}")
    page.get_by_role("button", name=APPROVE[language], exact=True).click()
    page.locator("#passkey-trouble").wait_for()
    first.complaints.clear()  # the refused question is said in the console; that is what we want
    first.examine("application-no-passkey")
    page = first.open("/office/passkeys")
    page.locator("#name").fill("key")
    page.get_by_role("button", name=REGISTER[language]).click()
    page.locator(".govuk-summary-list__row").wait_for()
    first.examine("officer-passkeys")
    page = second.open("/office/passkeys")
    second.examine("officer-passkeys-waiting")
    page.get_by_role("button", name=CONFIRM[language]).click()
    page.wait_for_load_state("load")
    assert len(world.sign_in_parts.passkey_office.confirmations.waiting()) == 0
    page = first.open(f"/office/applications/{application}")
    first.examine("application-with-passkey")
    page.get_by_role("button", name=APPROVE[language], exact=True).click()
    page.get_by_text(APPROVED[language]).wait_for()
    first.examine("application-confirmed")
