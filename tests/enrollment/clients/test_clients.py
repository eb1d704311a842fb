"""Programs as officers register them: over the API, the pages and the console, and who may not."""

from __future__ import annotations

import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.access import Role
from enrollment.clients.models import api_clients
from enrollment.jurisdiction import NATION
from enrollment.webhooks.signing import body_of, signed_headers
from enrollment.webhooks.webhook import DeliveryState, WebhookDelivery, WebhookEvent
from tests.ca.constraints.test_weak_keys import close_primes
from tests.enrollment.clients.signing import ProgramKey
from tests.enrollment.passkeys.authenticator import b64
from tests.enrollment.program_world import JWT_BEARER, TOKEN, program
from tests.enrollment.webhooks.receiver import Received
from tests.enrollment.world import Caller, World, front_header, slug

HOW_TO = Path(__file__).parents[3] / "docs/how-to/use-the-api.md"


def body_for(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Staff system",
        "scopes": ["application:submit", "application:read-own"],
        "jwks": {"keys": [ProgramKey().jwk]},
    } | changes


@pytest.fixture
def first(caller: Callable[..., Caller]) -> Caller:
    return caller("first")


@pytest.fixture
def second(caller: Callable[..., Caller]) -> Caller:
    return caller("second")


def test_one_officer_registers_a_program_for_single_applications(first: Caller) -> None:
    made = first.post("/clients", json=body_for())
    assert made.status_code == 201
    told = made.get_json()
    assert (told["state"], told["standing"], told["approvals_needed"]) == ("approved", "active", 0)
    assert first.get("/clients").get_json()["clients"][0]["id"] == told["id"]


def test_a_program_for_many_waits_for_another_officer(
    world: World, first: Caller, second: Caller
) -> None:
    key = ProgramKey()
    body = body_for(scopes=["application:submit-many"], jwks={"keys": [key.jwk]})
    made = first.post("/clients", json=body).get_json()
    path = f"/clients/{made['id']}"
    assert (made["state"], made["standing"]) == ("proposed", "suspended")

    def ask() -> Any:
        assertion = key.assertion(made["id"], world.clock.now())
        form = {"grant_type": "client_credentials", "client_assertion_type": JWT_BEARER}
        return public.post(TOKEN, data=form | {"client_assertion": assertion})

    public = create_app(world.parts(), Listener.PUBLIC).test_client()
    assert ask().get_json()["error"] == "invalid_client"
    assert slug(first.post(f"{path}/approval", json={})) == "own-client"
    assert slug(first.post(f"{path}/reinstatement", json={})) == "client-state-refused"
    assert second.post(f"{path}/approval", json={}).get_json()["standing"] == "active"
    assert second.post(f"{path}/approval", json={}).get_json()["standing"] == "active"
    assert slug(second.post(f"{path}/refusal", json={"reason": "no"})) == "client-decided"
    assert ask().status_code == 200


def test_the_tables_refuse_the_registrars_own_approval(either_world: World) -> None:
    world = either_world
    world.enroll("first")
    made = Caller(
        create_app(world.parts(), Listener.OFFICERS).test_client(), world.held["first"]
    ).post("/clients", json=body_for(scopes=["application:submit-many"]))
    assert made.status_code == 201
    for values in (
        {"state": "approved"},
        {"decided_by": "first", "decided_by_person": "first"},
        {"state": "refused"},
    ):
        with pytest.raises(IntegrityError), world.database.begin() as connection:
            connection.execute(update(api_clients).values(**values))


def test_a_refused_program_never_comes_to_life(first: Caller, second: Caller) -> None:
    made = first.post("/clients", json=body_for(scopes=["application:submit-many"])).get_json()
    path = f"/clients/{made['id']}"
    refused = second.post(f"{path}/refusal", json={"reason": "Nobody asked for it."}).get_json()
    assert (refused["state"], refused["standing"]) == ("refused", "removed")
    assert slug(second.post(f"{path}/reinstatement", json={})) == "client-state-refused"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"scopes": ["application:decide"]}, "client-refused"),
        ({"scopes": []}, "invalid-fields"),
        ({"scopes": ["x"]}, "invalid-fields"),
        ({"name": " "}, "client-refused"),
        ({"jwks": {"keys": []}}, "client-refused"),
        ({"jwks": {"keys": [{"kty": "EC"}]}}, "client-key-refused"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "AA"}]}}, "client-key-refused"),
        ({"auth_method": "tls_client_auth"}, "client-refused"),
        ({"auth_method": "client_secret_basic"}, "invalid-fields"),
        ({"institution": "nowhere"}, "institution-unknown"),
        ({"more": 1}, "invalid-fields"),
    ],
)
def test_a_registration_that_cannot_be_is_refused_with_its_reason(
    first: Caller, changes: dict[str, Any], problem: str
) -> None:
    assert slug(first.post("/clients", json=body_for(**changes))) == problem
    assert first.get("/clients").get_json()["clients"] == []


def test_a_key_belongs_to_one_program_for_ever(first: Caller) -> None:
    key = ProgramKey()
    body = body_for(jwks={"keys": [key.jwk]})
    one = first.post("/clients", json=body).get_json()
    assert slug(first.post("/clients", json=body)) == "client-key-taken"
    thumbprint = one["keys"][0]["thumbprint"]
    path = f"/clients/{one['id']}/keys"
    ended = first.post(f"{path}/{thumbprint}/end", json={}).get_json()
    assert ended["keys"][0]["ended_at"] is not None
    assert slug(first.post(path, json={"jwk": key.jwk})) == "client-key-taken"
    assert slug(first.post("/clients", json=body)) == "client-key-taken"
    assert slug(first.post(f"{path}/{'x' * 43}/end", json={})) == "client-key-unknown"


def test_an_institutions_officer_registers_for_it_alone(
    world: World, client: Any, first: Caller
) -> None:
    world.found("moh")
    world.found("moi")
    world.enroll("theirs", institution="moh")
    theirs = Caller(client, world.held["theirs"])
    assert theirs.post("/clients", json=body_for()).get_json()["institution"] == "moh"
    assert slug(theirs.post("/clients", json=body_for(institution="moi"))) == "client-refused"
    national = first.post("/clients", json=body_for()).get_json()
    assert national["institution"] is None
    assert slug(theirs.get(f"/clients/{national['id']}")) == "client-unknown"
    assert len(theirs.get("/clients").get_json()["clients"]) == 1


def test_an_auditor_looks_on_and_changes_nothing(
    caller: Callable[..., Caller], first: Caller
) -> None:
    made = first.post("/clients", json=body_for()).get_json()
    auditor = caller("auditor", Role.AUDITOR)
    assert auditor.get(f"/clients/{made['id']}").status_code == 200
    closure = auditor.post(f"/clients/{made['id']}/closure", json={})
    assert slug(closure) == "permission-lacking"


def test_each_act_stands_in_the_log(world: World, first: Caller, second: Caller) -> None:
    made = first.post("/clients", json=body_for(scopes=["application:submit-many"])).get_json()
    path = f"/clients/{made['id']}"
    second.post(f"{path}/approval", json={})
    first.post(f"{path}/keys", json={"jwk": ProgramKey().jwk})
    first.post(f"{path}/suspension", json={})
    world.log.publish()
    kinds = [
        entry.kind
        for _, entry in world.log.published_entries()
        if entry.facts.get("client") == made["id"]
    ]
    assert kinds == [
        "client-registered",
        "client-decided",
        "client-key-added",
        "client-state-changed",
    ]


# The pages.


class Browser:
    """Sends the forms of the pages, as a browser without scripts does."""

    def __init__(self, client: Any, certificate: Any) -> None:
        self._client = client
        self._headers = {"X-SSL-Client-Cert": front_header(certificate), "Accept-Language": "en"}

    def open(self, path: str) -> str:
        answer = self._client.get(path, headers=self._headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        text: str = answer.get_data(as_text=True)
        return text

    def send(self, page: str, path: str, **fields: Any) -> Any:
        token = re.search(r'name="form_token" value="([^"]+)"', self.open(page))
        act = re.search(r'name="act" value="([0-9a-f]{32})"', self.open(page))
        assert token is not None
        assert act is not None
        form = {"form_token": token[1], "act": act[1], **fields}
        return self._client.post(path, data=form, headers=self._headers)


def browser(world: World, officer_id: str) -> Browser:
    # A client of its own: Secure cookies are sent back over https alone.
    app = create_app(world.parts(), Listener.OFFICERS)
    client = app.test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    if officer_id not in world.held:
        world.enroll(officer_id)
    return Browser(client, world.held[officer_id])


def pem_of(key: ProgramKey) -> str:
    public = key.private.public_key()
    return str(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def test_the_pages_register_approve_and_rotate(world: World) -> None:
    first, second = browser(world, "first"), browser(world, "second")
    fields = {
        "name": "Staff system",
        "institution": world.found("moh"),
        "scopes": ["application:submit-many", "application:read-own"],
        "auth_method": "private_key_jwt",
    }
    new = "/office/clients/new"
    assert re.search(r'<textarea [^>]*id="jwks"[^>]*></textarea>', first.open(new))
    mistaken = first.send(new, new, **fields, jwks="nonsense")
    assert mistaken.status_code == 422
    assert "neither a JWK nor a public key" in mistaken.get_data(as_text=True)
    assert 'value="Staff system"' in mistaken.get_data(as_text=True)
    made = first.send(new, new, **fields, jwks=pem_of(ProgramKey()))
    assert made.status_code == 303
    page = made.headers["Location"]
    assert "another officer decides" in first.open(page)
    assert second.send(page, f"{page}/decision", verdict="refused").status_code == 422
    assert second.send(page, f"{page}/decision", verdict="approved").status_code == 303
    assert "Active" in second.open(page)
    assert first.send(page, f"{page}/keys", jwks=pem_of(ProgramKey())).status_code == 303
    [client] = world.programs.clients.page(NATION, limit=9)
    shown = world.programs.clients.find(client.id)
    assert len(shown.keys) == 2
    end = f"{page}/keys/{shown.keys[0].key.thumbprint}/end"
    assert first.send(page, end).status_code == 303
    assert "ended on" in first.open(page)
    assert first.send(page, f"{page}/standing", standing="suspended").status_code == 303
    assert "Suspended for now" in first.open("/office/clients")


# The how-to guide, as it stands there.


def block(name: str) -> str:
    found = re.search(rf"`{name}`:\n\n```python\n(.*?)```", HOW_TO.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_guides_program_gets_a_token(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    ours = program(world)
    key_file = tmp_path / "program.key"
    key_file.write_bytes(
        ours.key.private.private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        )
    )
    (tmp_path / "ask.py").write_text(block("ask.py"))
    monkeypatch.setattr(sys, "argv", ["ask.py", ours.id, str(key_file), "https://pki.example"])
    monkeypatch.setattr("time.time", lambda: world.clock.now().timestamp())
    capsys.readouterr()
    runpy.run_path(str(tmp_path / "ask.py"), run_name="__main__")
    form = dict(parse_qsl(capsys.readouterr().out.strip()))
    assert ours.http.post(TOKEN, data=form).status_code == 200


def test_the_guides_receiver_knows_what_is_ours(world: World, tmp_path: Path) -> None:
    (tmp_path / "check.py").write_text(block("check.py"))
    is_genuine = runpy.run_path(str(tmp_path / "check.py"))["is_genuine"]
    ours = program(world)
    body = {"url": "https://hooks.moh.example/", "events": ["certificate.issued"]}
    hook = ours.post("/webhooks", json=body).get_json()["id"]
    secret = ours.post(f"/webhooks/{hook}/secret", json={}).get_json()["secret"]
    found = world.programs.webhooks.find(hook)
    message, now = signed(world, found), world.clock.now().timestamp()
    assert is_genuine(secret, message.headers, message.body, now=now)
    assert not is_genuine(secret, message.headers, message.body + b" ", now=now)
    assert not is_genuine(secret, message.headers, message.body, now=now + 301)


def signed(world: World, hook: Any) -> Received:
    now = world.clock.now()
    delivery = WebhookDelivery(
        id="0" * 32,
        webhook=hook.id,
        event=WebhookEvent.CERTIFICATE_ISSUED,
        data={"application": "1" * 32},
        happened_at=now,
        state=DeliveryState.WAITING,
        tries=0,
        next_try_at=now,
        tried_at=None,
        status=None,
        problem=None,
    )
    body = body_of(delivery)
    secrets = world.programs.webhook_secrets.valid_secrets(hook, now)
    return Received("/", dict(signed_headers(delivery, body, secrets, now)), body)


def weak_jwk() -> dict[str, str]:
    """An RSA key whose primes lie close to each other."""
    number = close_primes().public_numbers().n  # type: ignore[union-attr]
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return {"kty": "RSA", "e": "AQAB", "n": b64(octets)}


def test_a_key_that_others_can_compute_is_not_registered(first: Caller) -> None:
    refused = first.post("/clients", json=body_for(jwks={"keys": [weak_jwk()]}))
    assert (refused.status_code, slug(refused)) == (422, "client-key-refused")
    assert "too close to each other" in refused.get_json()["detail"]
    made = first.post("/clients", json=body_for()).get_json()
    refused = first.post(f"/clients/{made['id']}/keys", json={"jwk": weak_jwk()})
    assert (refused.status_code, slug(refused)) == (422, "client-key-refused")
    assert len(first.get(f"/clients/{made['id']}").get_json()["keys"]) == 1
