"""Officers at their pages of invitations, and institutions' programs at the API."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import zxingcpp
from flask.testing import FlaskClient

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.access import Role
from enrollment.invitations.qr import draw
from enrollment.jurisdiction import NATION
from enrollment.people.person import IdentifierKind
from tests.enrollment.invitations.conftest import Ministry
from tests.enrollment.office.test_pages import Officer
from tests.enrollment.world import Caller, slug

PAGES = "/office/invitations"


class Clerk(Officer):
    """An officer who is enrolled already."""

    def __init__(self, ministry: Ministry, officer_id: str) -> None:
        from tests.enrollment.world import front_header

        app = create_app(ministry.world.parts(), Listener.OFFICERS)
        self._client = app.test_client()
        self._header = {
            "X-SSL-Client-Cert": front_header(ministry.world.held[officer_id]),
            "Accept-Language": "en",
        }
        self.language = "en"


@pytest.fixture
def clerk(ministry: Ministry) -> Clerk:
    return Clerk(ministry, "officer")


@pytest.fixture
def api(ministry: Ministry) -> Callable[..., Caller]:
    def call(officer_id: str = "officer") -> Caller:
        client = create_app(ministry.world.parts(), Listener.OFFICERS).test_client()
        return Caller(client, ministry.world.held[officer_id])

    return call


def test_an_officer_invites_again_and_withdraws(ministry: Ministry, clerk: Clerk) -> None:
    page = f"{PAGES}/{ministry.list()}"
    assert "Not invited" in clerk.get(page).text
    assert clerk.press(page, "mail").headers["Location"] == f"{page}?done=invited"
    assert "Mail leaves soon" in clerk.get(page).text
    clerk.press(page, "mail")
    assert len(ministry.mailed()) == 2
    assert clerk.press(page, "withdrawal").headers["Location"] == f"{page}?done=withdrawn"
    assert "Invitation over" in clerk.get(page).text


def test_a_slip_is_printed_once_the_officer_said_what_they_saw(
    ministry: Ministry, clerk: Clerk
) -> None:
    page = f"{PAGES}/{ministry.list()}"
    for fields in (
        {},
        {"document": "passport"},
        {"compared": "yes"},
        {"document": "licence", "compared": "yes"},
    ):
        answer = clerk.press(page, "slip", **fields)
        assert answer.status_code == 422 and "Say which document you saw" in answer.text
    slip = clerk.press(page, "slip", document="passport", compared="yes")
    assert slip.status_code == 200
    assert slip.headers["Cache-Control"] == "no-store"
    number, code = re.findall(r"<strong>([0-9 ]+)</strong>", slip.text)
    session = ministry.world.invitations.opening.spend_digits(number, code, shared_computer=False)
    assert ministry.world.sessions.find(session) is not None
    assert "Passport" in clerk.get(page).text


def test_the_list_is_searched_without_names_in_urls(ministry: Ministry, clerk: Clerk) -> None:
    employment = ministry.list()
    assert f'href="{PAGES}/{employment}"' in clerk.get(PAGES).text
    found = clerk.press(PAGES, "search", wanted="០១២៣៤៥៦៧៨")
    assert f'href="{PAGES}/{employment}"' in found.text
    assert "Look for a mistake" in clerk.press(PAGES, "search", wanted="nobody").text
    assert "Look for a mistake" in clerk.press(PAGES, "search", wanted="").text


def test_a_long_list_is_read_page_by_page(ministry: Ministry, clerk: Clerk) -> None:
    for number in range(27):
        ministry.list(f"1000000{number:02d}")
    first = clerk.get(PAGES).text
    assert first.count('scope="row"') == 25
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following is not None
    assert clerk.get(following[1].replace("&amp;", "&")).text.count('scope="row"') == 2


def test_another_institution_s_officer_finds_nothing(ministry: Ministry) -> None:
    world, employment = ministry.world, ministry.list()
    world.found("moi")
    world.enroll("other", institution="moi")
    other = Clerk(ministry, "other")
    page = f"{PAGES}/{employment}"
    assert other.get(page).status_code == 404
    assert "Sok" not in other.get(f"{PAGES}?institution=moh").text
    token = re.search(r'name="form_token" value="([^"]+)"', other.get(PAGES).text)
    assert token is not None
    form = {"form_token": token[1], "document": "passport", "compared": "yes"}
    for action in ("mail", "slip", "withdrawal"):
        assert other.send(f"{page}/{action}", form).status_code == 404
    answer = other.send(f"{PAGES}/everybody", form | {"institution": "moh"})
    assert answer.status_code == 404
    assert ministry.mailed() == []


def test_a_counter_officer_searches_and_prints_and_reads_no_list(ministry: Ministry) -> None:
    employment = ministry.list()
    ministry.world.enroll("counter", Role.COUNTER_OFFICER)
    counter = Clerk(ministry, "counter")
    assert employment not in counter.get(PAGES).text
    assert employment in counter.press(PAGES, "search", wanted="012345678").text
    page = f"{PAGES}/{employment}"
    assert 'action="/office/invitations' in counter.get(page).text
    assert f"{page}/mail" not in counter.get(page).text
    slip = counter.press(page, "slip", document="national-id", compared="yes")
    assert slip.status_code == 200


def test_an_auditor_reads_and_is_offered_nothing(ministry: Ministry) -> None:
    employment = ministry.list()
    ministry.invite(employment)
    ministry.world.enroll("auditor", Role.AUDITOR)
    page = Clerk(ministry, "auditor").get(f"{PAGES}/{employment}").text
    assert "Mail leaves soon" in page
    assert page.count("<form") == 1  # the language switch


def test_everybody_is_invited_in_batches(ministry: Ministry, clerk: Clerk) -> None:
    world = ministry.world
    for number in range(5):
        ministry.list(f"10000000{number}")
    ministry.list("200000000", official_mail=None)
    ministry.list("300000000", official_mail="no address")
    has_account = ministry.list("400000000")
    listed = world.invitations.listing.find(has_account, jurisdiction=NATION)
    world.subscribers.enroll(listed.employment.person)
    ministry.invite(ministry.list("500000000"))
    answer = clerk.press(PAGES, "everybody")
    assert answer.headers["Location"] == f"{PAGES}?institution=moh&done=everybody"
    assert "0 invited so far" in clerk.get(PAGES).text
    world.invitations.runs.work()
    assert "5 invited, 2 left out" in clerk.get(PAGES).text
    assert len(ministry.mailed()) == 6
    world.invitations.runs.work()
    assert len(ministry.mailed()) == 6


def test_a_run_that_is_cut_short_goes_on_where_it_was(
    ministry: Ministry, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.enrollment.invitations.conftest import OFFICER

    for number in range(5):
        ministry.list(f"10000000{number}")
    runs = ministry.world.invitations.runs
    monkeypatch.setattr(
        runs, "_settings", ministry.world.invitation_settings.model_copy(update={"run_size": 2})
    )
    run = runs.begin("moh", requested_by=OFFICER, run_id="a" * 32)
    runs.work()
    halfway = runs.find(run.id, jurisdiction=NATION)
    assert (halfway.invited, halfway.finished_at) == (2, None)
    monkeypatch.setattr(runs._inviting, "invite_in", lambda *_given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        runs.work()
    monkeypatch.undo()
    for _time in range(3):
        runs.work()
    done = runs.find(run.id, jurisdiction=NATION)
    assert done.invited == 5 and done.finished_at is not None
    assert len(ministry.mailed()) == 5


def test_who_cannot_be_mailed_is_left_out_whole(ministry: Ministry) -> None:
    from core.access import Principal
    from enrollment.institutions.institution import InstitutionDetails, InstitutionKind
    from enrollment.people.person import Place

    world = ministry.world
    # A name that every mail program makes a link of: such a mail is refused, and nothing is left.
    details = InstitutionDetails("shop", InstitutionKind.COMPANY, "ហាង", "www.shop.example")
    world.institutions.register(details)
    ministry.list()
    person = world.people.find_by_identifier(IdentifierKind.NATIONAL_ID, "012345678")
    assert person is not None
    world.people.employ(person.id, "shop", Place(official_mail="dara@shop.example"))
    world.enroll("national")
    national = Principal("national", Role.RA_OFFICER)
    run = world.invitations.runs.begin("shop", requested_by=national, run_id="b" * 32)
    world.invitations.runs.work()
    done = world.invitations.runs.find(run.id, jurisdiction=NATION)
    assert (done.invited, done.left_out) == (0, 1) and done.finished_at is not None
    assert world.invitations.inviting.page(jurisdiction=NATION, limit=9) == []


def test_the_api_invites_looks_up_and_withdraws(
    ministry: Ministry, api: Callable[..., Caller]
) -> None:
    ministry.list()
    caller = api()
    body = {"institution": "moh", "staff_number": "012345678"}
    key = {"Idempotency-Key": "one"}
    made = caller.post("/invitations", json=body, headers=key)
    assert made.status_code == 201
    assert caller.post("/invitations", json=body, headers=key).json == made.json
    assert len(ministry.mailed()) == 1
    one = made.json["id"]
    assert caller.get(f"/invitations/{one}").json["state"] == "open"
    assert caller.post(f"/invitations/{one}/withdrawal", json={}).json["state"] == "withdrawn"
    assert [shown["id"] for shown in caller.get("/invitations").json["invitations"]] == [one]
    assert caller.get("/invitations?state=open").json["invitations"] == []


def test_the_api_shows_a_slip_once_and_keeps_nothing_of_it(
    ministry: Ministry, api: Callable[..., Caller]
) -> None:
    ministry.list()
    caller = api()
    body = {"institution": "moh", "staff_number": "012345678", "document": "passport"}
    slip = caller.post("/invitations/slips", json=body, headers={"Idempotency-Key": "k"})
    assert slip.status_code == 201 and slip.headers["Cache-Control"] == "no-store"
    code = slip.json["code"]
    shown = caller.get(f"/invitations/{slip.json['invitation']['id']}").text
    assert code not in shown and slip.json["link"] not in shown
    assert ministry.world.invitations.opening.spend_digits(
        slip.json["number"], code, shared_computer=False
    )


def test_the_api_runs_and_says_how_far_it_came(
    ministry: Ministry, api: Callable[..., Caller]
) -> None:
    ministry.list()
    caller = api()
    run = caller.post("/invitations/runs", json={"institution": "moh"})
    assert run.status_code == 201
    again = caller.post("/invitations/runs", json={"institution": "moh"})
    assert (again.status_code, slug(again)) == (409, "inviting-under-way")
    ministry.world.invitations.runs.work()
    found = caller.get(f"/invitations/runs/{run.json['id']}").json
    assert found["invited"] == 1 and found["finished_at"] is not None


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"institution": "moh"}, "invalid-fields"),
        ({"institution": "moh", "person": "0" * 32, "staff_number": "1"}, "invalid-fields"),
        ({"institution": "moh", "staff_number": "a\u0000"}, "invalid-fields"),
        ({"institution": "moh", "staff_number": "nobody"}, "person-not-listed"),
        ({"institution": "moi", "staff_number": "012345678"}, "person-not-listed"),
        ({"institution": "moh", "staff_number": "111111111"}, "no-official-mail"),
    ],
)
def test_the_api_says_what_was_wrong(
    ministry: Ministry, api: Callable[..., Caller], body: dict[str, Any], problem: str
) -> None:
    ministry.list("111111111", official_mail=None)
    answer = api().post("/invitations", json=body)
    assert slug(answer) == problem
    assert ministry.mailed() == []


def test_the_square_on_a_slip_is_its_link(ministry: Ministry) -> None:
    slip = ministry.print_slip(ministry.list())
    qr, scale = draw(slip.link), 8
    width = qr.size * scale
    pixels = bytearray(b"\xff" * width * width)
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", qr.path):
        for line in range(int(y) * scale, (int(y) + 1) * scale):
            start, dark = line * width + int(x) * scale, int(length) * scale
            pixels[start : start + dark] = bytes(dark)
    picture = memoryview(bytes(pixels)).cast("B", (width, width))
    [read] = zxingcpp.read_barcodes(picture)
    assert read.text == slip.link


def test_a_client_that_is_nobody_sees_nothing(client: FlaskClient) -> None:
    assert client.get(PAGES).status_code == 401
