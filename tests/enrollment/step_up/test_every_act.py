"""Each act of officers is confirmed, or stands here with the reason why it is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from apiflask import APIFlask

from camtrust.app import create_app
from camtrust.listeners import Listener
from enrollment.step_up.step_up import OFFICERS
from tests.enrollment.test_authorization_table import TABLE, routes, status_parts
from tests.enrollment.world import World

V1 = "/enrollment/v1"
ENROLLMENT = Path(__file__).parents[3] / "enrollment"

READS = "It reads: what is searched for stays out of the URL."
NOTHING_YET = "It gives nothing: what comes of it, officers decide with step-up."
# POSTs of officers that no step-up confirms.
EXEMPT = {
    ("POST", f"{V1}/applications"): NOTHING_YET,
    ("POST", f"{V1}/applications/<application_id>/answer"): NOTHING_YET,
    ("POST", "/office/applications/<application_id>/answer"): NOTHING_YET,
    ("POST", "/office/seals"): NOTHING_YET,
    ("POST", f"{V1}/staff-lists"): NOTHING_YET,
    ("POST", "/office/lists"): NOTHING_YET,
    # The approval names the revision, and with it every proposal that was accepted.
    ("POST", f"{V1}/staff-lists/<list_id>/acceptance"): NOTHING_YET,
    ("POST", "/office/lists/<list_id>/acceptance"): NOTHING_YET,
    ("POST", "/counter/visits"): "It opens a visit; each act for the person is confirmed.",
    ("POST", f"{V1}/escrow/search"): READS,
    ("POST", "/office/escrow/search"): READS,
    ("POST", f"{V1}/mass-revocations/count"): READS,
    ("POST", "/office/invitations/search"): READS,
    ("POST", "/office/issued"): READS,
    ("POST", "/office/issued/export"): "It reads, and the log says who did.",
    ("POST", "/office/search"): READS,
    ("POST", f"{V1}/step-up"): "It asks the question that a step-up answers.",
    ("POST", "/office/passkeys/question"): "It asks the question that registers a passkey.",
    ("POST", "/office/passkeys"): "How officers come to a passkey; another one confirms it.",
    ("POST", "/office/passkeys/<passkey_id>/removal"): "A lost passkey cannot confirm its removal.",
}
FORM = re.compile(r"<form method=\"post\"[^>]*?url_for\('([a-z_.]+)'[^>]*>(.*?)</form>", re.DOTALL)
# What puts the field for a confirmation into a form.
FIELD = re.compile(r"\{\{ (step_up\(\)|token\(\)) \}\}")


@pytest.fixture
def app(world: World) -> APIFlask:
    return create_app(status_parts(world), Listener.OFFICERS)


def acts(app: APIFlask) -> Iterator[tuple[tuple[str, str], str]]:
    """What officers ask for that is no reading of a page, with its endpoint."""
    endpoints = {rule.rule: rule.endpoint for rule in app.url_map.iter_rules() if _posts(rule)}
    for method, rule in routes(app):
        # Where strangers may come, nobody acts as an officer.
        allowed = TABLE.get((method, rule), frozenset())
        if method != "GET" and allowed & OFFICERS and "nobody" not in allowed:
            yield (method, rule), endpoints[rule]


def _posts(rule: object) -> bool:
    return "POST" in (getattr(rule, "methods", None) or set())


def test_each_act_of_officers_is_confirmed_or_exempt_for_a_reason(app: APIFlask) -> None:
    found = {act: hasattr(app.view_functions[end], "steps_up") for act, end in acts(app)}
    assert {act for act, confirmed in found.items() if not confirmed} == set(EXEMPT)
    assert sum(found.values()) > 50


def test_a_form_asks_for_a_confirmation_where_its_act_needs_one_and_nowhere_else(
    app: APIFlask,
) -> None:
    confirmed = {end: hasattr(app.view_functions[end], "steps_up") for _, end in acts(app)}
    asking = {
        (path.name, end): FIELD.search(form) is not None
        for path in sorted(ENROLLMENT.rglob("templates/**/*.html"))
        for end, form in FORM.findall(path.read_text("utf-8"))
        if end in confirmed
    }
    assert len(asking) > 20
    assert asking == {(name, end): confirmed[end] for name, end in asking}
