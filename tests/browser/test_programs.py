"""Officers at a browser: programs and their batches, small and wide, in both languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import expect

from tests.browser.conftest import WIDTHS, Reader
from tests.enrollment.clients.signing import ProgramKey
from tests.enrollment.program_world import Program, line, program
from tests.enrollment.world import World

REGISTER = {"en": "Register", "km": "ចុះបញ្ជី"}
APPROVE = {"en": "Approve", "km": "អនុម័ត"}


@pytest.fixture
def ours(world: World) -> Program:
    """A ministry's program with a webhook that nobody takes, and with a batch that waits."""
    made = program(world, institution=world.found("moh"))
    body = {"url": "https://hooks.moh.example/pki", "events": ["application.decided"]}
    assert made.post("/webhooks", json=body).status_code == 201
    return made


@pytest.mark.parametrize("language", ["en", "km"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
def test_a_program_is_registered_and_approved(
    ours: Program,
    address: Callable[..., str],
    reader: Callable[..., Reader],
    width: int,
    language: str,
) -> None:
    first = reader(address("first"), width=width, language=language)
    second = reader(address("second"), width=width, language=language)
    page = first.open("/office/clients")
    first.examine("programs")
    page = first.open("/office/clients/new")
    first.examine("program-new")
    page.locator("#name").fill("Staff system")
    page.locator("#institution").fill("moh")
    page.locator('input[value="application:submit-many"]').check()
    page.get_by_role("button", name=REGISTER[language], exact=True).click()
    first.examine("program-mistaken")
    expect(page.locator("#name")).to_have_value("Staff system")
    public = ProgramKey().private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    page.locator("#jwks").fill(pem)
    page.get_by_role("button", name=REGISTER[language], exact=True).click()
    first.examine("program-registered")
    second.open(page.url.removeprefix(first.address))
    second.examine("program-waiting")
    second.page.get_by_role("button", name=APPROVE[language], exact=True).click()
    second.examine("program-approved")
    second.open(f"/office/clients/{ours.id}")
    second.examine("program-with-webhook")


@pytest.mark.parametrize("language", ["en", "km"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
def test_a_batch_is_looked_through_and_approved(
    ours: Program,
    world: World,
    address: Callable[..., str],
    reader: Callable[..., Reader],
    width: int,
    language: str,
) -> None:
    rows = [line(holder=f"person:IDCKH-{number:09}") for number in range(3)]
    batch = ours.upload([*rows, "{"]).get_json()["id"]
    officer = reader(address("first"), width=width, language=language)
    officer.open(f"/office/batches/{batch}")
    officer.examine("batch-checking")
    for _ in range(3):
        world.programs.batch_work.go_on()
    officer.open("/office/batches")
    officer.examine("batches")
    page = officer.open(f"/office/batches/{batch}")
    officer.examine("batch-waiting")
    page.get_by_role("button", name=APPROVE[language], exact=True).click()
    officer.examine("batch-approved-once")
    page = officer.open(f"/office/batches/{batch}?state=rejected")
    expect(page.locator("tbody tr")).to_have_count(1)
