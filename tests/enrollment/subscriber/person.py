"""A person with a browser that runs no scripts, and what happens around them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.web.session_cookie import COOKIE
from enrollment.application import Application, Verdict
from enrollment.decisions import DecisionToMake
from enrollment.sessions.sessions import SignInMethod
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.world import World, pem_csr

SIGNING = "person-signing"
MAIL = "person-mail-signing"
SIGN_IN = "person-authentication"


def new_request(subject: str = "CN=me") -> str:
    """A request for a new key, as PEM."""
    return pem_csr(csr_for(ec.generate_private_key(ec.SECP256R1()), subject=subject))


@dataclass
class Person:
    """Somebody who is listed and signed in at the public listener."""

    world: World
    id: str
    client: FlaskClient
    language: str = "en"
    sent: list[Any] = field(default_factory=list)

    def get(self, path: str) -> Any:
        return self.client.get(path, headers={"Accept-Language": self.language})

    def follow(self, answer: Any) -> Any:
        while answer.status_code == 303:
            answer = self.get(answer.headers["Location"])
        return answer

    def press(self, page: str, action: str, at: int = 0, **fields: Any) -> Any:
        """Send the form of ``page`` whose path ends with ``action``, the ``at``-th of them."""
        return self.send(self.form(page, action, at), **fields)

    def form(self, page: str, action: str, at: int = 0) -> tuple[str, dict[str, str]]:
        """Return where a form goes and its hidden fields, as the page has it now."""
        html = self.get(page).text
        forms = [
            one
            for one in re.findall(r"<form.*?</form>", html, re.DOTALL)
            if re.search(rf'action="[^"]*{action}"', one)
        ]
        target = re.search(r'action="([^"]+)"', forms[at])
        assert target is not None
        hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', forms[at])
        return unescape(target.group(1)), {name: unescape(value) for name, value in hidden}

    def send(self, form: tuple[str, dict[str, str]], **fields: Any) -> Any:
        path, hidden = form
        english = {"Accept-Language": self.language}
        return self.client.post(path, data=hidden | fields, headers=english)

    def choose(self, *profiles: str) -> None:
        """Take the steps up to the keys."""
        self.press("/my/", "/my/application")
        self.press("/my/application/data", "/data")
        answer = self.press("/my/application/certificates", "/certificates", profile=list(profiles))
        assert answer.headers["Location"] == "/my/application/keys", answer.text

    def make_key(self, profile: str, request: str | None = None, **fields: Any) -> Any:
        page = f"/my/application/keys/{profile}"
        stated = {"key-home": "own-request", "key-request": request or new_request()}
        return self.press(page, page, **{**stated, **fields})

    def apply(self, *profiles: str) -> str:
        """Take all steps and return the page of the bundle."""
        self.choose(*profiles)
        for profile in profiles:
            assert self.make_key(profile).status_code == 303
        answer = self.press("/my/application/summary", "/submission")
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"].partition("?")[0])

    def applications(self, page: str) -> list[Application]:
        bundle = page.rpartition("/")[2]
        return list(self.world.personal.bundles.find(bundle, person=self.id).applications)

    def hold(self, *profiles: str) -> list[Application]:
        """Apply, have it approved, and return the applications as issued."""
        page = self.apply(*profiles)
        for one in self.applications(page):
            approve(self.world, one)
        return self.applications(page)


def approve(world: World, application: Application) -> None:
    """Have as many officers approve as are needed; with the last one it is issued."""
    decided = application
    for number in range(application.approvals_needed):
        decided = decide(world, application, f"officer-{number}", Verdict.APPROVED)
    world.delivery.issue_if_approved(decided)


def decide(
    world: World,
    application: Application,
    officer: str,
    verdict: Verdict,
    reason: str | None = None,
) -> Application:
    """Have an officer of the application's institution decide it."""
    name = f"{officer}-{application.institution}"
    if name not in world.held:
        world.enroll(name, institution=application.institution)
    act = f"{abs(hash((application.id, name))):032x}"[:32]
    return world.registration.decisions.decide(
        application.id, DecisionToMake(act, name, verdict, reason)
    )


def sit_down(world: World, person: str, **session: Any) -> Person:
    """Sign a person in who is listed."""
    world.subscribers.enroll(person)
    client = create_app(world.parts(), Listener.PUBLIC).test_client()
    token = world.sessions.open(person, method=SignInMethod.PASSKEY, **session)
    client.set_cookie(COOKIE, token, secure=True)
    return Person(world, person, client)
