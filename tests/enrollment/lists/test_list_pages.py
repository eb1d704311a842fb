"""``/office/lists`` without a browser: what hostile and unlucky people get."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from core.access import Role
from tests.enrollment.lists.files import DARA, csv_of, xlsx_of
from tests.enrollment.lists.world import MOI, brought, crowd, listed, officer
from tests.enrollment.world import World, front_header


class Clerk:
    """An officer with a browser that runs no scripts."""

    def __init__(self, world: World, client: FlaskClient, officer_id: str) -> None:
        self._client = client.application.test_client()
        self._headers = {
            "X-SSL-Client-Cert": front_header(world.held[officer_id]),
            "Accept-Language": "en",
        }

    def get(self, path: str) -> Any:
        return self._client.get(path, headers=self._headers)

    def send(self, path: str, form: dict[str, Any], **options: Any) -> Any:
        return self._client.post(path, data=form, headers=self._headers, **options)

    def hidden(self, page: str, action: str) -> dict[str, Any]:
        html = self.get(page).text
        for form in re.findall(r"<form.*?</form>", html, re.DOTALL):
            if re.search(rf'method="post" action="[^"]*{action}"', form):
                return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        raise AssertionError(f"no form of {page} goes to {action}")

    def upload(self, octets: bytes, name: str = "list.csv", **changes: Any) -> Any:
        form = self.hidden("/office/lists", "/office/lists") | changes
        form["file"] = (io.BytesIO(octets), name)
        return self.send("/office/lists", form, content_type="multipart/form-data")

    def press(self, page: str, action: str) -> Any:
        return self.send(f"{page}/{action}", self.hidden(page, action))


@pytest.fixture
def clerk(world: World, client: FlaskClient) -> Clerk:
    officer(world, "clerk")
    return Clerk(world, client, "clerk")


def test_a_file_that_is_no_list_is_refused_on_the_page(clerk: Clerk) -> None:
    for octets in (b"\xff\xfeS\0", xlsx_of(DARA)[:400], b"", b"a,b,c\n1,2,3"):
        answer = clerk.upload(octets)
        assert answer.status_code == 422
        assert "govuk-error-summary" in answer.text


def test_the_form_sent_twice_is_one_list(world: World, clerk: Clerk) -> None:
    form = clerk.hidden("/office/lists", "/office/lists")
    places = [
        clerk.send(
            "/office/lists",
            form | {"file": (io.BytesIO(csv_of(DARA)), "list.csv")},
            content_type="multipart/form-data",
        ).headers["Location"]
        for _ in range(2)
    ]
    assert places[0] == places[1]
    assert clerk.get(places[0]).status_code == 200


def test_a_form_without_its_token_or_of_another_institution_changes_nothing(
    world: World, clerk: Clerk, client: FlaskClient
) -> None:
    officer(world, "other", "moh")
    assert clerk.upload(csv_of(DARA), form_token="x" * 43).status_code == 400
    assert clerk.upload(csv_of(DARA), institution="moh").status_code == 422
    assert clerk.upload(csv_of(DARA), act="?").status_code in {400, 422}
    page = clerk.upload(csv_of(DARA)).headers["Location"]
    stranger = Clerk(world, client, "other")
    assert stranger.get(page).status_code == 404
    form = clerk.hidden(page, "approval")
    token = stranger.hidden("/office/lists", "/office/lists")["form_token"]
    assert stranger.send(f"{page}/approval", form | {"form_token": token}).status_code == 404
    assert listed(world) == []


def test_two_tabs_apply_a_list_once_and_an_old_tab_is_told(world: World, clerk: Clerk) -> None:
    page = clerk.upload(csv_of((*DARA[:7], "12345678", DARA[8]), *crowd(2))).headers["Location"]
    old_tab = clerk.hidden(page, "approval")
    clerk.press(page, "acceptance")
    told = clerk.send(f"{page}/approval", old_tab)
    assert told.status_code == 409
    assert "changed meanwhile" in told.text
    new_tab = clerk.hidden(page, "approval")
    assert [clerk.send(f"{page}/approval", new_tab).status_code for _ in range(2)] == [303, 303]
    assert listed(world) == ["0000", "0001", "0012"]


def test_what_somebody_typed_is_shown_and_not_run(clerk: Clerk) -> None:
    page = clerk.upload(
        csv_of((*DARA[:3], "<script>alert(1)</script>", *DARA[4:])), "<b>list</b>.csv"
    ).headers["Location"]
    html = clerk.get(page).text
    assert "&lt;script&gt;alert(1)" in html and "<script" not in html
    assert "<b>" not in html


def test_a_list_that_drops_many_offers_no_button_to_its_uploader(
    world: World, clerk: Clerk, client: FlaskClient
) -> None:
    second = officer(world, "second")
    brought(world, second, *crowd(10))
    page = clerk.upload(csv_of(*crowd(5))).headers["Location"]
    assert "Approve and apply" not in clerk.get(page).text
    form = clerk.hidden(page, "withdrawal") | {"revision": "0"}
    refused = clerk.send(f"{page}/approval", form)
    assert refused.status_code == 403
    assert len(listed(world)) == 10
    assert Clerk(world, client, "second").press(page, "approval").status_code == 303
    assert len(listed(world)) == 5


def test_rows_are_walked_by_page_and_odd_addresses_are_harmless(clerk: Clerk) -> None:
    page = clerk.upload(csv_of(*crowd(120))).headers["Location"]
    first = clerk.get(page).text
    following = re.search(r'href="([^"]*after=51[^"]*)"', first)
    assert following is not None
    assert clerk.get(following[1].replace("&amp;", "&")).text.count('scope="row"') == 50
    for query in ("?after=x", "?after=99999999999999", "?show=nothing", "?show=new&after=100"):
        assert clerk.get(page + query).status_code == 200
    assert clerk.get("/office/lists?after=x").status_code == 400
    assert clerk.get("/office/lists/x").status_code == 404


def test_an_auditor_sees_lists_and_no_buttons(
    world: World, clerk: Clerk, client: FlaskClient
) -> None:
    page = clerk.upload(csv_of(DARA)).headers["Location"]
    world.enroll("auditor", Role.AUDITOR, institution=MOI)
    shown = Clerk(world, client, "auditor").get(page)
    assert shown.status_code == 200
    assert 'method="post" action="/office' not in shown.text
