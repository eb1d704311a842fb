"""Every route against programs' tokens, one scope at a time, and against another's objects."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from ca.csr import verify_csr
from camtrust.app import create_app
from camtrust.listeners import Listener
from core.access import Role
from enrollment.grants.models import grants
from enrollment.jurisdiction import Jurisdiction
from enrollment.objections.objection import About, ObjectionToRaise
from enrollment.subscriber.for_people import BundleToSubmit
from tests.enrollment.authorization import (
    HELD_BY_THEIR_ROOMS,
    OF_INSTITUTIONS,
    OF_NO_INSTITUTION,
    SCOPES,
)
from tests.enrollment.grants.world import active_grant
from tests.enrollment.program_world import Program, line, program
from tests.enrollment.subscriber.person import new_request
from tests.enrollment.test_authorization_table import _call, expected, status_parts
from tests.enrollment.world import World

# What a program may have to do with: the rows of the table that its role is in.
FOR_PROGRAMS = {
    key
    for key, allowed in expected(Listener.PUBLIC).items()
    if Role.SERVICE in allowed and "nobody" not in allowed
}
OPEN = {key for key, allowed in expected(Listener.PUBLIC).items() if "nobody" in allowed}


def test_every_route_for_programs_stands_under_a_scope_and_no_other_does() -> None:
    assert frozenset().union(*SCOPES.values()) == FOR_PROGRAMS


def test_every_scope_that_can_be_granted_is_in_the_data(world: World) -> None:
    assert set(SCOPES) == set(map(str, world.programs.clients.grantable))


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_opens_the_routes_of_its_scope_and_no_other(world: World, scope: str) -> None:
    http = create_app(status_parts(world), Listener.PUBLIC).test_client()
    ours = program(world, *SCOPES, http=http).sign_in(scope)
    headers = {"Authorization": f"Bearer {ours.token}"}
    for method, rule in expected(Listener.PUBLIC):
        may = (method, rule) in SCOPES[scope] | OPEN
        answer = _call(http, headers, method, rule)
        assert (answer.status_code not in {401, 403}) == may, (method, rule, answer.status_code)


def test_what_was_not_granted_to_a_client_no_token_opens(world: World) -> None:
    http = create_app(status_parts(world), Listener.PUBLIC).test_client()
    ours = program(world, "application:submit", http=http)
    headers = {"Authorization": f"Bearer {ours.token}"}
    for method, rule in FOR_PROGRAMS - SCOPES["application:submit"]:
        assert _call(http, headers, method, rule).status_code == 403, (method, rule)


# Another institution's objects.


def _names(rule: str) -> set[str]:
    return set(re.findall(r"<([^>]+)>", rule))


@pytest.fixture
def theirs(world: World) -> dict[str, str]:
    """An object of each kind, of the ministry "moi", by the name it has in a route."""
    owner = program(world, institution=world.found("moi"))
    hook = owner.post(
        "/webhooks",
        json={"url": "https://hooks.moi.example/", "events": ["application.decided"]},
    ).get_json()["id"]
    bundle, objection = of_their_people(world)
    grant = active_grant(world)
    with world.database.begin() as connection:
        connection.execute(update(grants).values(institution="moi"))
    return {
        "bundle_id": bundle,
        "objection_id": objection,
        "application_id": owner.submit().get_json()["id"],
        "batch_id": owner.upload([line()]).get_json()["id"],
        "client_id": owner.id,
        "delivery_id": "0" * 32,
        "grant_id": grant.id,
        "thumbprint": owner.client.keys[0].key.thumbprint,
        "webhook_id": hook,
    }


def of_their_people(world: World) -> tuple[str, str]:
    """A bundle and an objection of somebody of the ministry "moi"."""
    person = world.employ("moi", number="111111111")
    world.subscribers.enroll(person)
    moi, personal = Jurisdiction("moi"), world.personal.pages
    wanted = BundleToSubmit(
        "moi", "111111111", {"person-signing": verify_csr(new_request().encode())}
    )
    sent = personal.bundles_for_people.submit(wanted, seen_by=moi, bundle_id="b" * 32)
    raised = personal.objecting.raise_objection(
        ObjectionToRaise("c" * 32, person, About.LISTED_DATA, "The name is wrong.")
    )
    return sent.id, raised.id


PROGRAMS_OWN = sorted(
    key for key in FOR_PROGRAMS if "<" in key[1] and _names(key[1]) <= OF_INSTITUTIONS
)
OFFICERS = sorted(
    key
    for key, allowed in expected(Listener.OFFICERS).items()
    if Role.RA_OFFICER in allowed
    and key[1].startswith(("/enrollment/v1/", "/office/"))
    and "<" in key[1]
    and _names(key[1]) <= OF_INSTITUTIONS
)


def test_every_kind_of_object_in_a_route_is_somebodys_or_everybodys() -> None:
    named = {
        name
        for listener in Listener
        for _, rule in expected(listener)
        for name in re.findall(r"<([^>]+)>", rule)
    }
    assert named <= OF_INSTITUTIONS | OF_NO_INSTITUTION | HELD_BY_THEIR_ROOMS


# What each act needs beyond an empty body, for the refusal to be about whose the object is.
BODIES: dict[str, dict[str, Any]] = {
    "/refusal": {"reason": "No."},
    "/revocation": {"reason": "superseded"},
    "/certificates": {"certificate": "-----BEGIN CERTIFICATE-----"},
    "/keys": {"jwk": {"kty": "EC"}},
    "/question": {"question": "Which?"},
    "/answer": {"answer": "This."},
}


def path_of(rule: str, theirs: dict[str, str]) -> str:
    for name, value in theirs.items():
        rule = rule.replace(f"<{name}>", value)
    assert "<" not in rule, f"no object of another institution stands for {rule}"
    return rule


def test_another_institutions_program_finds_nothing(world: World, theirs: dict[str, str]) -> None:
    ours: Program = program(world, *SCOPES, institution=world.found("moh"))
    headers = {"Authorization": f"Bearer {ours.token}"}
    for method, rule in PROGRAMS_OWN:
        body = next((one for end, one in BODIES.items() if rule.endswith(end)), {})
        options: dict[str, Any] = {} if method == "GET" else {"json": body}
        answer = ours.http.open(path_of(rule, theirs), method=method, headers=headers, **options)
        assert answer.status_code == 404, (method, rule, answer.status_code)


def test_another_institutions_officer_finds_none_of_its_programs(
    world: World, theirs: dict[str, str], client: Any
) -> None:
    world.found("moh")
    world.enroll("theirs", institution="moh")
    send = officer_caller(world, client, "theirs")
    for method, rule in OFFICERS:
        assert send(method, path_of(rule, theirs), rule) == 404, (method, rule)


def officer_caller(world: World, client: Any, officer_id: str) -> Callable[[str, str, str], int]:
    from tests.enrollment.world import front_header

    header = {"X-SSL-Client-Cert": front_header(world.held[officer_id])}
    client.set_cookie("__Host-form", "x" * 43)

    def send(method: str, path: str, rule: str) -> int:
        options: dict[str, Any] = {}
        if method == "POST" and path.startswith("/office/"):
            form = {"form_token": "x" * 43, "act": "a" * 32, "standing": "suspended"}
            options = {"data": form | {"verdict": "approved", "reason": "No."}}
        elif method == "POST":
            body = next((one for end, one in BODIES.items() if rule.endswith(end)), {})
            options = {"json": body}
        status: int = client.open(path, method=method, headers=header, **options).status_code
        return status

    return send
