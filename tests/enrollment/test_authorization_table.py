"""Every route of both listeners, and who may call it. A route without a row here fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from apiflask import APIFlask

from ca.crl.crls import Crls
from ca.crl.settings import CrlSettings
from ca.publication import PublicationUrls
from ca.revocation.routes import compromise_blueprint
from ca.routes import publication_blueprint
from camtrust.app import AppParts, create_app
from camtrust.listeners import Listener
from core.access import Role
from tests.enrollment.world import Caller, World

EVERYBODY = frozenset({"nobody", *Role})
OFFICER = Role.RA_OFFICER
READERS = frozenset({Role.CA_ADMINISTRATOR, OFFICER, Role.AUDITOR, Role.SERVICE})
APPLICANTS = frozenset({OFFICER, Role.SERVICE})
REVOKERS = frozenset({Role.CA_ADMINISTRATOR, OFFICER})
OVERSEERS = frozenset({Role.CA_ADMINISTRATOR, OFFICER, Role.AUDITOR})
V1 = "/enrollment/v1"
ONE = "/office/applications/<application_id>"

TABLE: dict[tuple[str, str], frozenset[str]] = {
    ("GET", "/healthz"): EVERYBODY,
    ("GET", "/readyz"): EVERYBODY,
    ("GET", "/openapi.json"): EVERYBODY,
    ("GET", "/docs"): EVERYBODY,
    ("GET", "/problems/"): EVERYBODY,
    ("GET", "/problems/<slug>"): EVERYBODY,
    ("GET", "/assets/<path:filename>"): EVERYBODY,
    ("GET", "/log/checkpoint"): EVERYBODY,
    ("GET", "/log/tile/<path:name>"): EVERYBODY,
    ("GET", f"{V1}/me"): READERS,
    ("GET", f"{V1}/profiles"): READERS,
    ("POST", f"{V1}/applications"): APPLICANTS,
    ("GET", f"{V1}/applications"): READERS,
    ("GET", f"{V1}/applications/<application_id>"): READERS,
    ("POST", f"{V1}/applications/<application_id>/approval"): frozenset({OFFICER}),
    ("POST", f"{V1}/applications/<application_id>/refusal"): frozenset({OFFICER}),
    ("GET", f"{V1}/applications/<application_id>/certificate"): READERS,
    ("POST", f"{V1}/applications/<application_id>/revocation"): APPLICANTS,
    ("POST", "/language"): EVERYBODY,
    ("GET", "/office/"): OVERSEERS,
    ("GET", "/office/applications"): OVERSEERS,
    ("GET", "/office/search"): OVERSEERS,
    ("POST", "/office/search"): OVERSEERS,
    ("GET", ONE): OVERSEERS,
    ("GET", f"{ONE}/certificate.pem"): OVERSEERS,
    ("POST", f"{ONE}/approval"): frozenset({OFFICER}),
    ("POST", f"{ONE}/refusal"): frozenset({OFFICER}),
    ("POST", f"{ONE}/revocation"): frozenset({OFFICER}),
    ("GET", "/office/grants"): OVERSEERS,
    ("GET", "/office/grants/<grant_id>"): OVERSEERS,
    ("POST", "/office/grants/<grant_id>/approval"): frozenset({OFFICER}),
    ("POST", "/office/grants/<grant_id>/refusal"): frozenset({OFFICER}),
    ("POST", "/office/grants/<grant_id>/withdrawal"): frozenset({OFFICER}),
    ("POST", f"{V1}/grants"): frozenset({OFFICER}),
    ("GET", f"{V1}/grants"): OVERSEERS,
    ("GET", f"{V1}/grants/<grant_id>"): OVERSEERS,
    ("POST", f"{V1}/grants/<grant_id>/approval"): frozenset({OFFICER}),
    ("POST", f"{V1}/grants/<grant_id>/refusal"): frozenset({OFFICER}),
    ("POST", f"{V1}/grants/<grant_id>/withdrawal"): frozenset({OFFICER}),
    ("POST", f"{V1}/grants/<grant_id>/secret"): frozenset({OFFICER}),
    ("POST", f"{V1}/mass-revocations/count"): REVOKERS,
    ("POST", f"{V1}/mass-revocations"): REVOKERS,
    ("GET", f"{V1}/mass-revocations"): REVOKERS,
    ("GET", f"{V1}/mass-revocations/<int:job_id>"): REVOKERS,
    ("POST", f"{V1}/mass-revocations/<int:job_id>/approval"): REVOKERS,
    ("POST", f"{V1}/mass-revocations/<int:job_id>/withdrawal"): REVOKERS,
}
# These check their callers themselves; their own tests say whom they refuse.
SELF_CHECKING = [
    ("GET", "/acme/directory"),
    ("GET", "/acme/new-nonce"),
    ("GET", "/acme/renewal-info/<certificate_id>"),
    ("POST", "/acme/new-account"),
    ("POST", "/acme/account/<account_id>"),
    ("POST", "/acme/account/<account_id>/orders"),
    ("POST", "/acme/key-change"),
    ("POST", "/acme/new-order"),
    ("POST", "/acme/order/<order_id>"),
    ("POST", "/acme/order/<order_id>/finalize"),
    ("POST", "/acme/new-authorization"),
    ("POST", "/acme/authorization/<authorization_id>"),
    ("POST", "/acme/challenge/<challenge_id>"),
    ("POST", "/acme/certificate/<order_id>"),
    ("POST", "/acme/revoke-certificate"),
    ("GET", "/.well-known/est/cacerts"),
    ("GET", "/.well-known/est/csrattrs"),
    ("POST", "/.well-known/est/simpleenroll"),
    ("POST", "/.well-known/est/simplereenroll"),
    ("POST", "/.well-known/est/serverkeygen"),
]
# Only on the public listener. Metrics are open to this machine alone, which test clients are.
PUBLIC_ONLY = {
    ("GET", "/metrics"): EVERYBODY,
    ("GET", "/ca/<authority>.cer"): EVERYBODY,
    ("GET", "/crl/<authority>/<file>"): EVERYBODY,
    ("POST", "/ca/compromised-keys"): EVERYBODY,
}


def status_parts(world: World) -> AppParts:
    """The parts with what serves certificates and CRLs, as camtrust/wiring.py has it."""
    crls = Crls(
        database=world.database,
        log=world.log,
        keys=world.keys,  # type: ignore[arg-type]
        authorities=world.authorities,
        retention=world.retention,
        urls=PublicationUrls("http://localhost:8080"),
        settings=CrlSettings(),
        folder=world.folder / "crl",
        clock=world.clock,
    )
    published = publication_blueprint(authorities=world.authorities, crls=crls, clock=world.clock)
    return replace(
        world.parts(),
        status_blueprints=(published,),
        report_blueprints=(compromise_blueprint(world.compromised_keys),),
    )


def routes(app: APIFlask) -> Iterator[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield method, rule.rule


@pytest.fixture(params=list(Listener))
def listener(request: pytest.FixtureRequest) -> Listener:
    chosen: Listener = request.param
    return chosen


def expected(listener: Listener) -> dict[tuple[str, str], frozenset[str]]:
    return TABLE | (PUBLIC_ONLY if listener is Listener.PUBLIC else {})


def test_every_route_has_a_row_and_every_row_a_route(world: World, listener: Listener) -> None:
    app = create_app(status_parts(world), listener)
    assert sorted(routes(app)) == sorted([*expected(listener), *SELF_CHECKING])


@pytest.mark.parametrize("who", ["nobody", *Role])
def test_each_role_gets_where_its_rows_say_and_nowhere_else(
    world: World, caller: Callable[..., Caller], listener: Listener, who: str
) -> None:
    app = create_app(status_parts(world), listener)
    certificate = None if who == "nobody" else caller("somebody", Role(who)).certificate
    signed_in = Caller(app.test_client(), certificate)
    for (method, rule), allowed in expected(listener).items():
        may = who in allowed if listener is Listener.OFFICERS else "nobody" in allowed
        answer = _call(signed_in, method, rule)
        assert (answer.status_code not in {401, 403}) == may, (method, rule, answer.status_code)


def _call(caller: Caller, method: str, rule: str) -> Any:
    path = rule.replace("<application_id>", "0" * 32).replace("<slug>", "conflict")
    path = path.replace("<int:job_id>", "4711").replace("<grant_id>", "0" * 32)
    path = path.replace("<authority>", "people-1").replace("<file>", "0.crl")
    path = path.replace("<path:filename>", "plain.css").replace("<path:name>", "0/000")
    pages = path.startswith(("/office", "/language"))
    body: dict[str, Any] = (
        {} if method == "GET" else {"data": {"a": "b"}} if pages else {"json": {}}
    )
    headers = {}
    if caller.certificate is not None:
        from tests.enrollment.world import front_header

        headers["X-SSL-Client-Cert"] = front_header(caller.certificate)
    return caller.client.open(path, method=method, headers=headers, **body)
