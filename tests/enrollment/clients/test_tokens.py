"""From a registered program to what its token opens, over the wire, and who gets none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ca.revocation.reasons import RevocationReason
from camtrust.app import create_app
from camtrust.listeners import Listener
from core.access import Role
from enrollment.clients.client import AuthMethod
from enrollment.clients.errors import ClientNotAuthenticated, TokensTooMany
from enrollment.clients.keys import read_client_key
from enrollment.clients.tokens import LIFETIME, MOST_IN_A_MINUTE
from enrollment.officers import OfficerState
from tests.enrollment.clients.signing import ProgramKey
from tests.enrollment.program_world import TOKEN, Program, officer, program, registered
from tests.enrollment.world import Caller, World, front_header, slug


@pytest.fixture
def ours(world: World) -> Program:
    return program(world, institution=world.found("moh"))


def refused(answer: Any, code: str, status: int = 400) -> None:
    assert (answer.status_code, answer.get_json()["error"]) == (status, code)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.get_json()["error_uri"].startswith("https://pki.example/problems/")


def test_a_program_applies_and_sees_its_own_application(ours: Program) -> None:
    told = ours.get("/me").get_json()
    assert told["id"] == ours.id
    assert told["institution"] == "moh"
    assert "application:submit" in told["scopes"]
    made = ours.submit()
    assert made.status_code == 201
    application = made.get_json()["id"]
    assert ours.get(f"/applications/{application}").get_json()["applicant"] == ours.id
    assert ours.world.registration.applications.find(application).institution == "moh"


def test_the_token_is_answered_as_rfc_6749_says(ours: Program) -> None:
    answer = ours.ask(scope="application:read-own")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.get_json()
    assert told["token_type"] == "Bearer"
    assert told["expires_in"] == LIFETIME.seconds
    assert told["scope"] == "application:read-own"


def test_the_metadata_names_the_endpoint_and_the_methods(ours: Program) -> None:
    told = ours.http.get("/.well-known/oauth-authorization-server").get_json()
    assert told["issuer"] == "https://pki.example"
    assert told["token_endpoint"] == "https://pki.example/enrollment/v1/token"
    assert "private_key_jwt" in told["token_endpoint_auth_methods_supported"]
    assert told["scopes_supported"] == sorted(ours.world.programs.clients.grantable)


@pytest.mark.parametrize(
    ("changes", "code", "status"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type", 400),
        ({"grant_type": None}, "unsupported_grant_type", 400),
        ({"scope": "application:decide"}, "invalid_scope", 400),
        ({"scope": "application:submit  "}, "invalid_scope", 400),
        ({"client_assertion_type": "other"}, "invalid_request", 400),
        ({"client_assertion": "a.b.c"}, "invalid_client", 401),
        ({"client_assertion": None}, "invalid_client", 401),
        ({"client_assertion": "x" * 10_000}, "invalid_client", 401),
    ],
)
def test_a_request_that_is_not_in_order_is_refused_as_rfc_6749_says(
    ours: Program, changes: dict[str, Any], code: str, status: int
) -> None:
    answer = ours.ask(**changes)
    refused(answer, code, status)
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_what_comes_twice_in_the_url_or_in_json_is_refused(ours: Program) -> None:
    refused(ours.http.post(TOKEN, data={"grant_type": ["a", "b"]}), "invalid_request")
    refused(ours.http.post(f"{TOKEN}?scope=x", data={"grant_type": "a"}), "invalid_request")
    refused(ours.http.post(TOKEN, json={"grant_type": "a"}), "invalid_request")


def test_a_password_in_the_header_is_no_way_in(ours: Program) -> None:
    answer = ours.http.post(
        TOKEN, data={"grant_type": "client_credentials"}, auth=(ours.id, "secret")
    )
    refused(answer, "invalid_client", 401)


def test_an_assertion_is_taken_once(ours: Program) -> None:
    assertion = ours.key.assertion(ours.id, ours.world.clock.now())
    assert ours.ask(client_assertion=assertion).status_code == 200
    refused(ours.ask(client_assertion=assertion), "invalid_client", 401)


def test_of_many_processes_with_one_assertion_one_gets_a_token(either_world: World) -> None:
    key = ProgramKey()
    client = registered(either_world, key=key)
    assertion = key.assertion(client.id, either_world.clock.now())
    told: list[str] = []
    start = threading.Barrier(6)

    def ask() -> None:
        start.wait()
        try:
            either_world.programs.tokens.issue_for_assertion(assertion, scope=None)
            told.append("token")
        except ClientNotAuthenticated:
            told.append("refused")

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(told) == ["refused"] * 5 + ["token"]
    assert either_world.programs.clients.find(client.id).tokens_issued == 1


def test_a_token_ends_and_is_forgotten(ours: Program) -> None:
    assert ours.get("/me").status_code == 200
    ours.world.clock.advance(LIFETIME)
    late = ours.get("/me")
    assert slug(late) == "token-refused"
    assert late.headers["WWW-Authenticate"] == 'Bearer realm="camtrust", error="invalid_token"'
    assert ours.world.programs.tokens.forget_old() == 2


def test_a_token_opens_what_it_was_given_for_and_no_more(ours: Program) -> None:
    ours.sign_in("application:read-own")
    assert ours.get("/applications").status_code == 200
    answer = ours.submit()
    assert slug(answer) == "scope-lacking"
    assert (
        'error="insufficient_scope", scope="application:submit"'
        in (answer.headers["WWW-Authenticate"])
    )
    assert slug(ours.get("/grants")) == "permission-lacking"


def test_nobody_is_asked_for_a_token_at_the_public_address(ours: Program) -> None:
    answer = ours.http.get("/enrollment/v1/me")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="camtrust"'


@pytest.mark.parametrize("token", ["", "x", "x" * 500, "camtrust_at_x", "\xff\xfe"])
def test_a_made_up_token_is_refused(ours: Program, token: str) -> None:
    ours.token = token
    assert slug(ours.get("/me")) in {"token-refused", "sign-in-required"}


def test_a_token_beside_a_session_is_refused(ours: Program) -> None:
    ours.http.set_cookie("__Host-session", "abc")
    answer = ours.get("/me")
    assert (answer.status_code, slug(answer)) == (400, "two-proofs")


def test_a_suspended_or_closed_client_is_out_at_once(ours: Program) -> None:
    clients, by = ours.world.programs.clients, officer(ours.world, "registrar")
    clients.change_standing(ours.id, OfficerState.SUSPENDED, by=by)
    assert slug(ours.get("/me")) == "token-refused"
    refused(ours.ask(), "invalid_client", 401)
    clients.change_standing(ours.id, OfficerState.ACTIVE, by=by)
    assert ours.sign_in().get("/me").status_code == 200
    clients.change_standing(ours.id, OfficerState.REMOVED, by=by)
    assert slug(ours.get("/me")) == "token-refused"


def test_a_key_that_ended_signs_no_more_and_its_tokens_end(ours: Program) -> None:
    clients, by = ours.world.programs.clients, officer(ours.world, "registrar")
    new = ProgramKey()
    clients.add_key(ours.id, read_client_key(new.jwk), by=by)
    old, ours.key = ours.key, new
    assert ours.ask().status_code == 200
    clients.end_key(ours.id, read_client_key(old.jwk).thumbprint, by=by)
    assert slug(ours.get("/me")) == "token-refused"
    ours.key = old
    refused(ours.ask(), "invalid_client", 401)


def test_another_institutions_application_looks_as_if_it_did_not_exist(ours: Program) -> None:
    theirs = program(ours.world, institution=ours.world.found("moi"), http=ours.http)
    application = theirs.submit().get_json()["id"]
    for answer in (
        ours.get(f"/applications/{application}"),
        ours.get(f"/applications/{application}/certificate"),
        ours.post(f"/applications/{application}/revocation", json={"reason": "superseded"}),
    ):
        assert slug(answer) == "application-unknown"
    assert ours.get("/applications").get_json()["applications"] == []


def test_a_client_gets_so_many_tokens_in_a_minute(world: World) -> None:
    key = ProgramKey()
    client, tokens = registered(world, key=key), world.programs.tokens

    def ask() -> None:
        tokens.issue_for_assertion(key.assertion(client.id, world.clock.now()), scope=None)

    for _ in range(MOST_IN_A_MINUTE):
        ask()
    with pytest.raises(TokensTooMany):
        ask()
    world.clock.advance(timedelta(minutes=1))
    ask()
    assert world.programs.clients.find(client.id).tokens_issued == MOST_IN_A_MINUTE + 1


# Mutual TLS, at the officers' address.


@pytest.fixture
def by_tls(world: World) -> Callable[..., Any]:
    """A client with a certificate; returns how it sends requests to the officers' listener."""
    client = registered(world, "application:read-own", method=AuthMethod.TLS_CLIENT_AUTH)
    certificate = world.issue("service-client", "program:staff")
    world.programs.clients.bind_certificate(client.id, certificate, by=officer(world, "registrar"))
    http = create_app(world.parts(), Listener.OFFICERS).test_client()

    def send(method: str, path: str, held: Any = certificate, **options: Any) -> Any:
        headers = dict(options.pop("headers", {}))
        if held is not None:
            headers["X-SSL-Client-Cert"] = front_header(held)
        return http.open(path, method=method, headers=headers, **options)

    return send


def bearer(answer: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}


def test_a_certificate_gets_a_token_that_is_bound_to_it(
    world: World, by_tls: Callable[..., Any]
) -> None:
    got = by_tls("POST", TOKEN, data={"grant_type": "client_credentials"})
    assert got.status_code == 200
    me = "/enrollment/v1/me"
    assert by_tls("GET", me, headers=bearer(got)).status_code == 200
    another = world.issue("service-client", "program:other")
    assert slug(by_tls("GET", me, another, headers=bearer(got))) == "token-refused"
    assert slug(by_tls("GET", me, None, headers=bearer(got))) == "token-refused"
    public = create_app(world.parts(), Listener.PUBLIC).test_client()
    stolen = bearer(got) | {"X-SSL-Client-Cert": front_header(another)}
    assert slug(public.get(me, headers=stolen)) == "token-refused"


def test_a_certificate_of_nobody_and_an_officers_get_no_token(
    world: World, by_tls: Callable[..., Any]
) -> None:
    form = {"grant_type": "client_credentials"}
    nobody = world.issue("service-client", "program:nobody")
    refused(by_tls("POST", TOKEN, nobody, data=form), "invalid_client", 401)
    world.enroll("first")
    refused(by_tls("POST", TOKEN, world.held["first"], data=form), "invalid_client", 401)
    refused(by_tls("POST", TOKEN, data={**form, "client_id": "x"}), "invalid_client", 401)


def test_a_revoked_certificate_gets_no_token_and_its_tokens_end(
    world: World, by_tls: Callable[..., Any]
) -> None:
    got = by_tls("POST", TOKEN, data={"grant_type": "client_credentials"})
    [held] = [one for one in world.register.page(limit=50) if one.holder == "program:staff"]
    world.revocation.revoke(
        serial_number=held.serial_number,
        authority=held.authority,
        reason=RevocationReason.KEY_COMPROMISE,
    )
    refused(by_tls("POST", TOKEN, data={"grant_type": "client_credentials"}), "invalid_client", 401)
    answer = by_tls("GET", "/enrollment/v1/me", headers=bearer(got))
    assert slug(answer) == "client-certificate-revoked"


def test_a_client_that_signs_in_with_its_certificate_alone_keeps_its_scopes(
    world: World, by_tls: Callable[..., Any]
) -> None:
    assert by_tls("GET", "/enrollment/v1/applications").status_code == 200
    answer = by_tls("POST", "/enrollment/v1/applications", json={})
    assert slug(answer) == "scope-lacking"


def test_a_service_that_is_no_client_may_what_its_role_may(
    world: World, caller: Callable[..., Caller]
) -> None:
    service = caller("hr-system", Role.SERVICE)
    assert service.get("/me").get_json()["scopes"] is None
    assert service.submit("device", holder="device:1").status_code == 201
