"""Officers at a browser: the pages look right, and two of them decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import expect

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.access import Role
from tests.browser.conftest import WIDTHS, Reader
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.grants.world import proposal_for
from tests.enrollment.world import Caller, World, facts_of, pem_csr

APPROVE = {"en": "Approve", "km": "អនុម័ត"}
REFUSE = {"en": "Refuse", "km": "បដិសេធ"}
REVOKE = {"en": "Revoke", "km": "ដកហូត"}
ISSUED = {"en": "Issued", "km": "បានចេញ"}
REVOKED = {"en": "Revoked", "km": "ត្រូវបានដកហូត"}


@pytest.fixture
def application(world: World) -> str:
    """What a clerk applied for, with a request that names somebody else."""
    world.enroll("clerk")
    client = create_app(world.parts(), Listener.OFFICERS).test_client()
    csr = csr_for(ec.generate_private_key(ec.SECP256R1()), subject="CN=Sok Dara,O=Ministry")
    body = {
        "profile": "person-signing",
        "csr": pem_csr(csr),
        "holder": "person:IDCKH-012345678",
        "facts": facts_of("person-signing"),
    }
    answer = Caller(client, world.held["clerk"]).post("/applications", json=body)
    identifier: str = answer.get_json()["id"]
    return identifier


@pytest.mark.parametrize("language", ["en", "km"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
def test_two_officers_approve_and_one_revokes(
    application: str,
    address: Callable[..., str],
    reader: Callable[..., Reader],
    width: int,
    language: str,
) -> None:
    page = f"/office/applications/{application}"
    first = reader(address("first"), width=width, language=language)
    second = reader(address("second"), width=width, language=language)
    first.open("/office/").locator(f'a[href="{page}"]').click()
    first.examine("application-waiting")
    first.page.get_by_role("button", name=APPROVE[language], exact=True).click()
    first.examine("application-approved-once")
    second.open(page).get_by_role("button", name=APPROVE[language], exact=True).click()
    expect(second.page.get_by_text(ISSUED[language], exact=True)).to_have_count(1)
    second.examine("application-issued")
    second.page.locator('input[value="keyCompromise"]').check()
    second.page.get_by_role("button", name=REVOKE[language], exact=True).click()
    expect(second.page.get_by_text(REVOKED[language], exact=True)).to_have_count(1)
    second.examine("application-revoked")


@pytest.mark.parametrize("language", ["en", "km"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
def test_every_page_can_be_read_by_everybody(
    application: str,
    world: World,
    address: Callable[..., str],
    reader: Callable[..., Reader],
    width: int,
    language: str,
) -> None:
    officer = reader(address("first"), width=width, language=language)
    grant = world.grants.propose(proposal_for(world), proposed_by="clerk", grant_id="7" * 32)
    for name, path in {
        "queue": "/office/",
        "applications": "/office/applications",
        "grants": "/office/grants",
        "grant": f"/office/grants/{grant.id}",
        "search": "/office/search",
    }.items():
        officer.open(path)
        officer.examine(name)
    officer.page.locator("#wanted").fill("person:IDCKH-០១២៣៤៥៦៧៨")
    officer.page.locator("#wanted").press("Enter")
    expect(officer.page.locator("tbody tr")).to_have_count(1)
    officer.examine("search-found")
    officer.page.locator("#wanted").fill("?")
    officer.page.locator("#wanted").press("Enter")
    officer.examine("search-mistaken")


def test_a_refusal_without_its_reason_is_asked_for(
    application: str, address: Callable[..., str], reader: Callable[..., Reader]
) -> None:
    officer = reader(address("first"), language="en")
    page = officer.open(f"/office/applications/{application}")
    page.get_by_role("button", name="Refuse", exact=True).click()
    officer.examine("application-reason-missing")
    page.locator("#reason").fill("The photo is missing.")
    page.get_by_role("button", name="Refuse", exact=True).click()
    expect(page.get_by_text("The photo is missing.")).to_have_count(1)
    officer.examine("application-refused")


def test_the_switch_keeps_the_page_and_is_remembered(
    application: str, address: Callable[..., str], reader: Callable[..., Reader]
) -> None:
    officer = reader(address("first"), language="en")
    page = officer.open("/office/applications?state=submitted")
    with page.expect_navigation():
        page.get_by_role("button", name="ភាសាខ្មែរ").click()
    assert page.url.endswith("state=submitted")
    assert page.evaluate("document.documentElement.lang") == "km"
    officer.open("/office/search")
    assert page.evaluate("document.documentElement.lang") == "km"


def test_the_pages_are_walked_by_keyboard(
    application: str, address: Callable[..., str], reader: Callable[..., Reader]
) -> None:
    officer = reader(address("first"), language="en")
    page = officer.open("/office/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")  # the list, which scrolls in its own frame
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/office/applications/{application}")


def test_an_auditor_is_refused_with_a_page_that_says_what_to_do(
    application: str, address: Callable[..., str], reader: Callable[..., Reader]
) -> None:
    auditor = reader(address("auditor", Role.AUDITOR), language="en")
    page = auditor.open("/office/search")
    page.evaluate(f"document.forms[1].action = '/office/applications/{application}/approval'")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="Your role may not do this")).to_have_count(1)
    auditor.examine("refusal")


def test_forms_work_without_scripts(
    application: str, address: Callable[..., str], chromium: Any
) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto(f"{address('first')}/office/applications/{application}")
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_text("Your approval is recorded.")).to_have_count(1)
    context.close()
