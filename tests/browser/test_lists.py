"""Officers bring the list of their institution; the administrator registers institutions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.access import Role
from tests.browser.conftest import WIDTHS, Reader
from tests.enrollment.lists.files import DARA, csv_of, person, xlsx_of
from tests.enrollment.lists.world import MOI, crowd, listed, register
from tests.enrollment.world import World

UPLOAD = {"en": "Upload and look", "km": "ផ្ទុកឡើង រួចពិនិត្យ"}
ACCEPT_ALL = {"en": "Accept all proposals", "km": "យល់ព្រមសំណើទាំងអស់"}
APPLY = {"en": "Apply the list", "km": "អនុវត្តបញ្ជី"}
APPROVE = {"en": "Approve and apply", "km": "អនុម័ត និងអនុវត្ត"}
APPLIED = {"en": "The list was applied.", "km": "បញ្ជីត្រូវបានអនុវត្ត។"}
REGISTER = {"en": "Register", "km": "ចុះបញ្ជី"}

# A row of each kind of trouble that clerks meet.
TROUBLED = (
    (*DARA[:7], "12345678", DARA[8]),
    ("0201", "sux", "can;", "SOK", "Chan", "M", "12/31/1980", "210000001", ""),
    ("0202", "ស្រ្តី\u200b", "ធារី", "STREY", "Thea", "F", "29586", "210000002", ""),
    ("0203", "ចាន់", "ណា", "CHAN", "Na", "F", "31/02/1980", "210000003", "na@gmail.example"),
)


@pytest.mark.parametrize("language", ["en", "km"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
def test_a_list_is_uploaded_looked_at_accepted_and_applied(
    world: World,
    address: Callable[..., str],
    reader: Callable[..., Reader],
    tmp_path: Path,
    width: int,
    language: str,
) -> None:
    register(world, MOI)
    first = reader(address("first", institution=MOI), width=width, language=language)
    second = reader(address("second", institution=MOI), width=width, language=language)
    page = first.open("/office/lists")
    first.examine("lists-none")
    page.get_by_role("button", name=UPLOAD[language]).click()
    first.examine("lists-file-missing")
    whole = tmp_path / "people.xlsx"
    whole.write_bytes(xlsx_of(*TROUBLED, *crowd(3)))
    page.locator("#file").set_input_files(whole)
    page.get_by_role("button", name=UPLOAD[language]).click()
    first.examine("list-ready")
    page.get_by_role("button", name=ACCEPT_ALL[language]).click()
    first.examine("list-accepted")
    page.get_by_role("button", name=APPLY[language], exact=True).click()
    expect(page.get_by_text(APPLIED[language], exact=True)).to_have_count(1)
    first.examine("list-applied")
    assert listed(world) == ["0000", "0001", "0002", "0012", "0201", "0202"]
    fewer = tmp_path / "fewer.csv"
    fewer.write_bytes(csv_of(person(0)))
    first.open("/office/lists").locator("#file").set_input_files(fewer)
    page.get_by_role("button", name=UPLOAD[language]).click()
    first.examine("list-drops-many")
    assert page.get_by_role("button", name=APPROVE[language]).count() == 0
    theirs = second.open(page.url.removeprefix(first.address))
    theirs.get_by_role("button", name=APPROVE[language]).click()
    expect(theirs.get_by_text(APPLIED[language], exact=True)).to_have_count(1)
    second.open("/office/lists")
    second.examine("lists")
    assert listed(world) == ["0000"]


@pytest.mark.parametrize("language", ["en", "km"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
def test_the_administrator_registers_an_institution(
    world: World,
    address: Callable[..., str],
    reader: Callable[..., Reader],
    width: int,
    language: str,
) -> None:
    register(world, MOI)
    administrator = reader(address("admin", Role.CA_ADMINISTRATOR), width=width, language=language)
    page = administrator.open("/office/institutions")
    page.locator("#id").fill("moeys")
    page.locator("#name_km").fill("ក្រសួងអប់រំ យុវជន និងកីឡា")
    page.locator("#name_latin").fill("Ministry of Education, Youth and Sport")
    page.locator("#mail_domains").fill("moeys.example, not a domain")
    page.get_by_role("button", name=REGISTER[language], exact=True).click()
    administrator.examine("institutions-refused")
    page.locator("#mail_domains").fill("moeys.example school.example")
    page.get_by_role("button", name=REGISTER[language], exact=True).click()
    expect(page.get_by_text("moeys.example, school.example")).to_have_count(1)
    page.locator("button[value=suspended]").first.click()
    expect(page.locator("button[value=active]")).to_have_count(1)
    administrator.examine("institutions")
