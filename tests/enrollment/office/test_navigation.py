"""The officers' navigation: every page is reached from it, and nobody is led to a refusal."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from apiflask import APIFlask

from camtrust.app import ROLES, create_app
from camtrust.listeners import Listener
from core.access import AccessPolicy, Permission, Role
from enrollment.office.navigation import SECTIONS, Entry, navigation
from tests.enrollment.test_authorization_table import TABLE
from tests.enrollment.world import Caller, World, front_header

POLICY = AccessPolicy.load(ROLES)
# Linked from each page's head, beside the officer's name.
BESIDE_THE_NAME = "officer_passkeys"
ENTRIES = [page for section in SECTIONS for page in section.pages]


def may_of(role: Role) -> Callable[[str], bool]:
    return lambda permission: POLICY.is_allowed(role, Permission(permission))


def shown_to(role: Role) -> list[Entry]:
    return [page for _, pages in navigation(may_of(role), None)["sections"] for page in pages]


@pytest.fixture
def app(world: World) -> APIFlask:
    return create_app(world.parts(), Listener.OFFICERS)


def test_each_page_of_officers_stands_under_one_entry(app: APIFlask) -> None:
    pages = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/office", "/counter"))
        and not rule.endpoint.startswith(BESIDE_THE_NAME)
    }
    assert {entry.endpoint for entry in ENTRIES} <= pages
    handed_out = {"office.certificate", "list_pages.rejects"}  # files, which have no navigation
    for endpoint in pages - handed_out:
        above = [entry.endpoint for entry in ENTRIES if entry.is_above(endpoint)]
        assert len(above) == 1, (endpoint, above)


@pytest.mark.parametrize("role", [Role.CA_ADMINISTRATOR, Role.RA_OFFICER, Role.COUNTER_OFFICER])
def test_who_is_led_to_a_page_may_read_it(app: APIFlask, role: Role) -> None:
    rules = {rule.endpoint: rule.rule for rule in app.url_map.iter_rules()}
    shown = {entry.endpoint for entry in shown_to(role)}
    readable = {e.endpoint for e in ENTRIES if role in TABLE["GET", rules[e.endpoint]]}
    assert shown == readable


def test_a_registration_officer_has_few_sections() -> None:
    assert len(navigation(may_of(Role.RA_OFFICER), None)["sections"]) <= 5


def test_a_page_says_where_one_is(app: APIFlask, caller: Callable[..., Caller]) -> None:
    certificate = caller("somebody", Role.RA_OFFICER).certificate
    assert certificate is not None
    headers = {"X-SSL-Client-Cert": front_header(certificate), "Accept-Language": "en"}
    text = app.test_client().get("/office/clients/new", headers=headers).get_data(as_text=True)
    assert text.count('aria-current="true"') == 2  # the section, and the list that it comes from
    assert 'href="/office/passkeys"' in text
    passkeys = app.test_client().get("/office/passkeys", headers=headers).get_data(as_text=True)
    assert passkeys.count('aria-current="page"') == 1
    assert 'aria-current="true"' not in passkeys
