"""Invited people and their officers at a browser: link, slip, list; and the slip on paper."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import zxingcpp
from playwright.sync_api import Browser, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.access import Principal, Role
from core.mail.models import mails
from enrollment.people.person import IdentifierKind
from tests.browser.conftest import WIDTHS, Reader
from tests.conftest import lacks
from tests.enrollment.world import World

NATIONAL = Principal("first", Role.RA_OFFICER)
INVITE = {"en": "Invite", "km": "អញ្ជើញ"}
PRINT = {"en": "Print a slip", "km": "បោះពុម្ពសន្លឹក"}
OPEN = {"en": "This is me: open my account", "km": "នេះគឺខ្ញុំ៖ បើកគណនីរបស់ខ្ញុំ"}
TYPE = {"en": "Open my account", "km": "បើកគណនីរបស់ខ្ញុំ"}
both_widths = pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
both_languages = pytest.mark.parametrize("language", ["en", "km"])


@pytest.fixture
def employment(world: World) -> str:
    world.found("moh")
    person = world.employ("moh")
    return world.people.employments_of(person)[0].id


@pytest.fixture
def public(world: World) -> Iterator[str]:
    """Serve the public listener."""
    server = make_server("127.0.0.1", 0, create_app(world.parts(), Listener.PUBLIC), threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    server.server_close()


def link(world: World) -> str:
    with world.database.read() as connection:
        bodies = connection.scalars(select(mails.c.body).order_by(mails.c.id)).all()
    return re.findall(r"(/invitations/\S+)", bodies[-1] or "")[0]


@both_languages
@both_widths
def test_an_officer_invites_and_prints_a_slip(
    employment: str,
    address: Callable[..., str],
    reader: Callable[..., Reader],
    width: int,
    language: str,
) -> None:
    officer = reader(address("first"), width=width, language=language)
    page = officer.open("/office/invitations?institution=moh")
    officer.examine("invitations")
    page.locator(f'a[href="/office/invitations/{employment}"]').click()
    officer.examine("invitation-person")
    page.get_by_role("button", name=INVITE[language], exact=True).click()
    officer.examine("invitation-invited")
    page.get_by_role("button", name=PRINT[language], exact=True).click()
    officer.examine("invitation-slip-mistaken")
    page.locator('input[value="national-id"]').check()
    page.locator("#compared").check()
    page.get_by_role("button", name=PRINT[language], exact=True).click()
    expect(page.locator("svg.slip__qr")).to_have_count(1)
    officer.examine("invitation-slip")
    officer.open("/office/invitations")
    page.locator("#wanted").fill("០១២៣៤៥៦៧៨")
    page.locator("#wanted").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    officer.examine("invitations-found")


@both_languages
@both_widths
def test_an_invited_person_looks_and_presses_the_button(
    employment: str,
    world: World,
    public: str,
    reader: Callable[..., Reader],
    width: int,
    language: str,
) -> None:
    world.enroll("first")
    world.invitations.inviting.by_mail(employment, invited_by=NATIONAL, invitation_id="a" * 32)
    person = reader(public, width=width, language=language)
    page = person.open(link(world))
    person.examine("invitation-open")
    page.locator("#shared_computer").check()
    with page.expect_response(lambda answer: answer.request.method == "POST") as pressed:
        page.get_by_role("button", name=OPEN[language], exact=True).click()
    assert pressed.value.status == 303
    assert pressed.value.headers["location"] == "/my/"
    person.open(link(world))
    person.examine("invitation-spent")
    person.open("/invitations/" + "x" * 43)
    person.examine("invitation-unknown")


@both_languages
@both_widths
def test_a_person_types_the_digits_of_a_slip(
    employment: str,
    world: World,
    public: str,
    reader: Callable[..., Reader],
    width: int,
    language: str,
) -> None:
    world.enroll("first")
    slip = world.invitations.inviting.print_slip(
        employment, printed_by=NATIONAL, document=IdentifierKind.PASSPORT
    )
    to_khmer = {48 + digit: 0x17E0 + digit for digit in range(10)}
    person = reader(public, width=width, language=language)
    page = person.open("/activate")
    person.examine("activate")
    page.locator("#number").fill(slip.number)
    page.locator("#code").fill("1")
    page.get_by_role("button", name=TYPE[language], exact=True).click()
    person.examine("activate-mistaken")
    page.locator("#number").fill(slip.number.translate(to_khmer))
    page.locator("#code").fill(slip.code.translate(to_khmer))
    with page.expect_response(lambda answer: answer.request.method == "POST") as pressed:
        page.get_by_role("button", name=TYPE[language], exact=True).click()
    assert pressed.value.status == 303


def test_the_door_works_without_scripts(
    employment: str, world: World, public: str, chromium: Browser
) -> None:
    world.enroll("first")
    world.invitations.inviting.by_mail(employment, invited_by=NATIONAL, invitation_id="a" * 32)
    context = chromium.new_context(java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto(f"{public}{link(world)}")
    with page.expect_response(lambda answer: answer.request.method == "POST") as pressed:
        page.get_by_role("button", name=OPEN["en"]).click()
    assert pressed.value.status == 303
    context.close()


@pytest.mark.parametrize("paper", ["A5", "A4"])
def test_a_printed_slip_is_one_page_whose_square_is_read(
    employment: str,
    world: World,
    address: Callable[..., str],
    chromium: Browser,
    tmp_path: Path,
    paper: str,
) -> None:
    if shutil.which("pdftoppm") is None:
        lacks("the program pdftoppm is not installed")
    context = chromium.new_context(locale="km")
    page = context.new_page()
    page.goto(f"{address('first')}/office/invitations/{employment}")
    page.locator('input[value="national-id"]').check()
    page.locator("#compared").check()
    page.get_by_role("button", name=PRINT["km"], exact=True).click()
    # The click waits for the answer to begin, not for the page to be there.
    expect(page.locator("svg.slip__qr")).to_be_visible()
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready.then(() => null)")
    file = tmp_path / "slip.pdf"
    page.pdf(path=file, format=paper, prefer_css_page_size=paper == "A5")
    context.close()
    pages, text = _read_pdf(file, tmp_path)
    assert len(pages) == 1
    [square] = zxingcpp.read_barcodes(_picture(pages[0]))
    token = square.text.removeprefix(f"{world.public_url}/invitations/")
    assert world.invitations.opening.glance(token).institution.id == "moh"
    assert "/activate" in text and "Activation slip" in text
    assert "Ctrl+P" not in text


def _read_pdf(file: Path, folder: Path) -> tuple[list[Path], str]:
    subprocess.run(
        ["pdftoppm", "-r", "120", "-gray", file, folder / "page"], check=True, timeout=60
    )
    text = subprocess.run(
        ["pdftotext", file, "-"], check=True, timeout=60, capture_output=True
    ).stdout.decode()
    return sorted(folder.glob("page*.pgm")), text


def _picture(file: Path) -> Any:
    # A PGM: its kind, width, height and the largest value, then the pixels.
    match = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", file.read_bytes())
    assert match is not None
    width, height = int(match[1]), int(match[2])
    pixels = file.read_bytes()[match.end() :]
    return memoryview(pixels).cast("B", (height, width))
