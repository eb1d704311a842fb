"""Officers at a browser: together, asked back, search and export, acts on record, the counter."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import expect

from core.access import Role
from core.idempotency import new_act_id
from enrollment.application import Verdict
from enrollment.applications import Submission
from enrollment.decisions import DecisionToMake
from tests.browser.conftest import WIDTHS, Reader
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.test_rounds import submission
from tests.enrollment.world import World, pem_csr

APPROVE = {"en": "Approve", "km": "អនុម័ត"}
ASK_BACK = {"en": "Ask back", "km": "សួរត្រឡប់"}
ANSWER = {"en": "Answer", "km": "ឆ្លើយ"}
EXPORT = {"en": "Export", "km": "នាំចេញ"}
CONTINUE = {"en": "Continue", "km": "បន្ត"}
SUSPEND = {"en": "Suspend", "km": "ព្យួរ"}
RELEASE = {"en": "Release", "km": "ដោះការព្យួរ"}
APPLY = {"en": "Apply for the person", "km": "ស្នើជូនបុគ្គលនេះ"}
SEAL = {"en": "Apply for the seal", "km": "ស្នើសុំត្រា"}
TAKE_UP = {"en": "Take the person up", "km": "បញ្ចូលបុគ្គល"}
BACK = {"en": "Finish, and serve the next person", "km": "បញ្ចប់ ហើយបម្រើអ្នកបន្ទាប់"}


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


@pytest.fixture(params=["en", "km"])
def language(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture(params=WIDTHS.values(), ids=WIDTHS.keys())
def width(request: pytest.FixtureRequest) -> int:
    chosen: int = request.param
    return chosen


@pytest.fixture
def sit(
    address: Callable[..., str], reader: Callable[..., Reader], width: int, language: str
) -> Callable[..., Reader]:
    """Sit an officer down at a browser of this width and language."""

    def down(name: str, *role: Role, **options: Any) -> Reader:
        one: Reader = reader(address(name, *role, **options), width=width, language=language)
        return one

    return down


@pytest.fixture
def bundle(world: World) -> str:
    """Two certificates that a clerk of a ministry applied for, with what a register said."""
    world.found("moh")
    world.enroll("clerk", institution="moh")
    name = new_act_id(world.clock.now())
    checks = {"identity": {"outcome": "differs", "differing": ["given_name_latin"]}}
    together = {}
    for profile in ("person-signing", "person-authentication"):
        one = submission(profile)
        together[new_act_id(world.clock.now())] = Submission(
            profile, one.csr, one.holder, one.facts, checks=checks, evidence="The card is new."
        )
    world.applications.submit_together(together, applicant="clerk", bundle=name)
    return name


def test_what_was_applied_for_together_is_decided_on_one_page(
    bundle: str,
    sit: Callable[..., Reader],
    language: str,
) -> None:
    first = sit("first", institution="moh")
    first.open("/office/")
    first.examine("queue-together")
    first.page.locator(f'a[href="/office/bundles/{bundle}"]').click()
    first.examine("bundle")
    boxes = first.page.locator('input[name="application"]')
    assert [boxes.nth(one).is_checked() for one in range(boxes.count())] == [True, True]
    for one in range(2):
        boxes.nth(one).uncheck()
    press(first.page, APPROVE[language])
    first.examine("bundle-none-ticked")
    boxes.nth(0).check()
    boxes.nth(1).check()
    press(first.page, APPROVE[language])
    first.examine("bundle-approved")


def test_a_question_is_asked_and_answered(
    bundle: str,
    world: World,
    sit: Callable[..., Reader],
    language: str,
) -> None:
    [one, *_] = world.applications.bundle(bundle)
    path = f"/office/applications/{one.id}"
    first = sit("first", institution="moh")
    page = first.open(path)
    first.examine("application-with-checks")
    press(page, ASK_BACK[language])
    first.examine("question-missing")
    page.locator("#question").fill("តើឈ្មោះមួយណាត្រឹមត្រូវ?")
    press(page, ASK_BACK[language])
    first.examine("application-returned")
    clerk = sit("clerk")
    clerk.open(path).locator("#answer").fill("The one on the card.")
    clerk.examine("application-to-answer")
    press(clerk.page, ANSWER[language])
    clerk.examine("application-answered")
    assert world.applications.find(one.id).round == 2


def test_an_officer_applies_for_the_seal_of_their_institution(
    world: World,
    sit: Callable[..., Reader],
    language: str,
) -> None:
    world.found("moh", registration_identifier="NTRKH-00012345")
    clerk = sit("clerk", institution="moh")
    page = clerk.open("/office/seals")
    clerk.examine("seal")
    page.locator("#csr").fill("no request")
    press(page, SEAL[language])
    clerk.examine("seal-request-refused")
    page.locator("#csr").fill(pem_csr(csr_for(ec.generate_private_key(ec.SECP256R1()))))
    press(page, SEAL[language])
    clerk.examine("seal-applied")
    [one] = world.applications.page(limit=2)
    assert (one.profile, one.institution) == ("organization-seal", "moh")


def test_what_was_issued_is_searched_and_taken_along(
    world: World,
    sit: Callable[..., Reader],
    language: str,
) -> None:
    world.found("moh")
    world.issue("device", "device:1")
    officer = sit("officer")
    page = officer.open("/office/issued")
    officer.examine("issued")
    page.locator("#issued_from").fill("31/31/2026")
    page.locator("#issued_from").press("Enter")
    officer.examine("issued-mistaken")
    officer.open("/office/issued?profile=device")
    with page.expect_download() as download:
        press(page, EXPORT[language])
    assert "device:1" in download.value.path().read_text("utf-8-sig")


def test_an_auditor_reads_what_was_done(
    bundle: str,
    world: World,
    sit: Callable[..., Reader],
    language: str,
) -> None:
    [one, *_] = world.applications.bundle(bundle)
    world.enroll("first", institution="moh")
    decision = DecisionToMake("1" * 32, "first", Verdict.REFUSED, "The photo is missing.")
    made = world.registration.decisions.decide(one.id, decision).decisions[-1]
    world.log.publish()
    auditor = sit("auditor", Role.AUDITOR)
    page = auditor.open("/office/audit")
    auditor.examine("audit")
    page.locator(f'a[href="/office/audit/{made.log_index}"]').click()
    expect(page.get_by_text("The photo is missing.")).to_have_count(1)
    auditor.examine("audit-act")
    with page.expect_download() as download:
        page.locator('a[href$=".tlog-proof"]').click()
    assert download.value.path().read_text("utf-8").startswith("c2sp.org/tlog-proof@v1")
    auditor.open("/office/audit/checkpoints")
    auditor.examine("audit-checkpoints")
    auditor.open("/office/officers")
    auditor.examine("officers")


def identify(page: Any, language: str, number: str) -> None:
    page.locator("#number").fill(number)
    page.locator("#valid_until").fill("៣១/១២/២០៣០")
    page.locator("#photo").check()
    press(page, CONTINUE[language])


def test_a_person_is_served_at_the_counter(
    world: World,
    sit: Callable[..., Reader],
    language: str,
) -> None:
    world.found("moh")
    world.found("commune")
    world.employ("moh", number="012345678")
    world.issue("person-authentication", "person:IDCKH-012345678")
    desk = sit("desk", Role.COUNTER_OFFICER, institution="commune")
    page = desk.open("/counter/")
    desk.examine("counter")
    press(page, CONTINUE[language])
    desk.examine("counter-not-identified")
    identify(page, language, "០១២៣៤៥៦៧៨")
    desk.examine("counter-visit")
    visit = page.url
    press(page, SUSPEND[language])
    assert re.search("CT-[0-9]{9}", page.inner_text("main"))
    desk.examine("counter-receipt")
    page.goto(visit)
    press(page, RELEASE[language])
    page.goto(visit)
    page.locator("#csr").fill("no request")
    press(page, APPLY[language])
    desk.examine("counter-request-refused")
    page.locator("#csr").fill(pem_csr(csr_for(ec.generate_private_key(ec.SECP256R1()))))
    press(page, APPLY[language])
    desk.examine("counter-applied")
    page.get_by_role("link", name=BACK[language]).click()
    identify(page, language, "999999999")
    desk.examine("counter-new-person")
    page.locator("#surname_km").fill("ចាន់")
    press(page, TAKE_UP[language])
    desk.examine("counter-new-person-served")
