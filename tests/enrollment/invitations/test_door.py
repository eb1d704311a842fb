"""Invited people at a browser without scripts: what a page shows, and what its button does."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import structlog
from flask.testing import FlaskClient
from sqlalchemy import func, select

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.event_log import set_up_event_log
from core.web.session_cookie import COOKIE
from enrollment.invitations.door import routes as door
from enrollment.invitations.errors import (
    AccountClosed,
    DigitsMalformed,
    DigitsRefused,
    InvitationExpired,
    InvitationSpent,
    InvitationUnknown,
    InvitationWithdrawn,
    NoLongerListed,
    TooManyGuesses,
)
from enrollment.sessions.models import sessions
from tests.enrollment.invitations.conftest import OFFICER, Ministry
from tests.enrollment.office.test_texts import khmer


@pytest.fixture
def client(ministry: Ministry) -> FlaskClient:
    return create_app(ministry.world.parts(), Listener.PUBLIC).test_client()


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    set_up_event_log(stream=stream)
    yield stream
    structlog.reset_defaults()


def press(client: FlaskClient, path: str, **fields: str) -> Any:
    """Send the last form of a page, as a browser does over TLS."""
    page = client.get(path, base_url="https://pki.example")
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    hidden.pop("back", None)
    return client.post(path, data=hidden | fields, base_url="https://pki.example")


def opened(ministry: Ministry) -> int:
    with ministry.world.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(sessions)) or 0


def test_the_button_opens_a_session_and_leads_to_ones_own_pages(
    ministry: Ministry, client: FlaskClient
) -> None:
    ministry.invite(ministry.list())
    answer = press(client, ministry.link())
    assert (answer.status_code, answer.headers["Location"]) == (303, "/my/")
    cookie = client.get_cookie(COOKIE, domain="pki.example")
    assert cookie is not None and cookie.secure and cookie.http_only and cookie.same_site == "Lax"
    assert ministry.world.sessions.find(cookie.value) is not None


def test_a_shared_computer_is_remembered_by_the_session(
    ministry: Ministry, client: FlaskClient
) -> None:
    ministry.invite(ministry.list())
    press(client, ministry.link(), shared_computer="yes")
    cookie = client.get_cookie(COOKIE, domain="pki.example")
    assert cookie is not None and cookie.expires is None and cookie.max_age is None
    session = ministry.world.sessions.find(cookie.value)
    assert session is not None and session.shared_computer


def test_programs_that_open_links_change_nothing(ministry: Ministry, client: FlaskClient) -> None:
    ministry.invite(ministry.list())
    link = ministry.link()
    for _time in range(3):
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = client.open(link, method=method, headers={"User-Agent": "TelegramBot"})
            assert answer.status_code == 200
            assert COOKIE not in answer.headers.get("Set-Cookie", "")
    # A program that sends the form as well has no cookie for it.
    assert client.post(link, data={"form_token": "x" * 43}).status_code == 400
    assert opened(ministry) == 0
    assert press(client, link).status_code == 303


def test_the_page_shows_initials_and_is_kept_by_nobody(
    ministry: Ministry, client: FlaskClient
) -> None:
    ministry.invite(ministry.list())
    page = client.get(ministry.link(), headers={"Accept-Language": "en"})
    assert "S… D…" in page.text and "Ministry of MOH" in page.text
    assert "Sok" not in page.text and "ដារ៉ា" not in page.text and "012345678" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_no_log_line_holds_the_token_or_the_digits(
    ministry: Ministry, client: FlaskClient, lines: io.StringIO
) -> None:
    ministry.invite(ministry.list())
    slip = ministry.print_slip(ministry.list("987654321"))
    link = ministry.link()
    client.get(link)
    press(client, link)
    client.get(link)
    press(client, "/activate", number=slip.number, code="00000000")
    press(client, "/activate", number=slip.number, code=slip.code)
    said = lines.getvalue()
    assert '"route": "/invitations/<token>"' in said
    for secret in (link, ministry.token(), slip.number, slip.code, slip.link[-43:]):
        assert secret not in said


def test_a_slip_s_digits_open_in_khmer_numerals(ministry: Ministry, client: FlaskClient) -> None:
    slip = ministry.print_slip(ministry.list())
    to_khmer = {48 + digit: 0x17E0 + digit for digit in range(10)}
    answer = press(
        client,
        "/activate",
        number=slip.number.translate(to_khmer),
        code=slip.code.translate(to_khmer),
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/my/")


def test_wrong_digits_show_the_page_again_with_the_number_and_without_the_code(
    ministry: Ministry, client: FlaskClient
) -> None:
    slip = ministry.print_slip(ministry.list())
    answer = press(client, "/activate", number=slip.number, code="12345678")
    assert answer.status_code == 422
    assert slip.number in answer.text and "12345678" not in answer.text
    assert press(client, "/activate", number="12", code="12345678").status_code == 422


@pytest.mark.parametrize(
    ("happening", "status", "words"),
    [
        ("spent", 409, "sign in the way you chose"),
        ("expired", 409, "a new invitation"),
        ("withdrawn", 409, "Look for a newer mail"),
        ("left", 409, "personnel office"),
        ("unknown", 404, "the whole link"),
    ],
)
def test_what_opens_nothing_says_what_to_do_next(
    ministry: Ministry,
    client: FlaskClient,
    clock: Any,
    happening: str,
    status: int,
    words: str,
) -> None:
    world, employment = ministry.world, ministry.list()
    invited = ministry.invite(employment)
    link = ministry.link()
    if happening == "spent":
        press(client, link)
    elif happening == "expired":
        clock.advance(timedelta(days=15))
    elif happening == "withdrawn":
        world.invitations.inviting.withdraw(invited.id, withdrawn_by=OFFICER)
    elif happening == "left":
        world.people.leave(employment)
    else:
        link = "/invitations/" + "x" * 43
    page = client.get(link, headers={"Accept-Language": "en"})
    assert page.status_code == status
    assert words in page.text and "What to do next" in page.text


@pytest.mark.parametrize(
    "path", ["/invitations/", "/invitations/a/b", "/invitations/%00", "/invitations/%F0%9F"]
)
def test_odd_paths_are_refused_and_never_a_fault(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code in {400, 404}


def test_oversized_and_odd_fields_are_refused_and_never_a_fault(client: FlaskClient) -> None:
    for number, code in (("1" * 5000, "2" * 5000), ("\x00", "\ud7ff"), ("١٢٣٤٥٦", "١٢٣٤٥٦٧٨")):
        answer = press(client, "/activate", number=number, code=code)
        assert answer.status_code == 422


def test_every_refusal_of_the_door_is_there_in_khmer() -> None:
    kinds = (
        AccountClosed,
        DigitsMalformed,
        DigitsRefused,
        InvitationExpired,
        InvitationSpent,
        InvitationUnknown,
        InvitationWithdrawn,
        NoLongerListed,
        TooManyGuesses,
    )
    assert [kind.title for kind in kinds if kind.title not in khmer()] == []
    assert set(door.NEXT_STEPS) >= {"invitation-spent", "too-many-guesses"}


def test_the_officers_listener_has_no_door(ministry: Ministry) -> None:
    app = create_app(ministry.world.parts(), Listener.OFFICERS)
    assert app.test_client().get("/activate").status_code == 404
