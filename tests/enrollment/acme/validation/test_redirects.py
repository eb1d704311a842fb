"""Redirects of http-01: followed within bounds, each hop checked as the first one was."""

from __future__ import annotations

import socket

import pytest

from tests.enrollment.acme.validation.scene import INSIDE, NAME, OUTSIDE, PATH, RIGHT, Scene
from tests.enrollment.acme.validation.web_server import page, redirect

OTHER = "cdn.gov.kh"


@pytest.fixture
def there(scene: Scene) -> Scene:
    scene.dns.set_a(NAME, OUTSIDE)
    scene.dns.set_a(OTHER, OUTSIDE)
    return scene


def redirecting(scene: Scene, location: str, *, status: str = "302 Found") -> None:
    """The path of the challenge leads to ``location``; everything else has the right body."""

    def behave(connection: socket.socket, path: str) -> None:
        (redirect(location, status=status) if path == PATH else RIGHT)(connection, path)

    scene.serve(behave)


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"]
)
def test_a_redirect_to_another_name_is_followed(there: Scene, status: str) -> None:
    redirecting(there, f"http://{OTHER}/there?x=1", status=status)
    there.http_01()


def test_a_relative_redirect_is_followed(there: Scene) -> None:
    redirecting(there, "../somewhere-else")
    there.http_01()


def test_a_redirect_to_https_is_followed_whatever_its_certificate(there: Scene) -> None:
    redirecting(there, f"https://{NAME}{PATH}")
    secure = there.serve(RIGHT, tls=True)
    there.http_01()
    assert len(secure.requests) == 1


def test_https_that_speaks_no_tls_is_refused(there: Scene) -> None:
    redirecting(there, f"https://{NAME}:{there.http_port}{PATH}")
    assert there.refused_http_01().acme_type == "connection"


@pytest.mark.parametrize("status", ["303 See Other", "300 Multiple Choices", "305 Use Proxy"])
def test_other_statuses_are_no_redirects(there: Scene, status: str) -> None:
    redirecting(there, f"http://{OTHER}/", status=status)
    assert there.refused_http_01().acme_type == "incorrectResponse"


def test_a_redirect_to_a_name_inside_is_not_followed(there: Scene) -> None:
    there.dns.set_a("intranet.gov.kh", INSIDE)
    inside = there.serve(RIGHT, INSIDE)
    redirecting(there, "http://intranet.gov.kh/admin")
    refusal = there.refused_http_01()
    assert (refusal.acme_type, inside.callers) == ("connection", [])


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[fe80::1%25lo]", "127.1", "2130706433", "0x7f.1"],
)
def test_a_redirect_to_an_ip_literal_is_not_followed(there: Scene, host: str) -> None:
    inside = there.serve(RIGHT, INSIDE)
    redirecting(there, f"http://{host}/")
    refusal = there.refused_http_01()
    assert (refusal.acme_type, inside.callers) == ("connection", [])


def test_a_redirect_to_localhost_is_not_followed(there: Scene) -> None:
    redirecting(there, "http://localhost/")
    assert "not a DNS name" in there.refused_http_01().detail


@pytest.mark.parametrize(
    "location",
    [
        f"ftp://{OTHER}/",
        "file:///etc/passwd",
        "gopher://cdn.gov.kh/",
        f"http://user:secret@{OTHER}/",
        f"http://{OTHER}:22/",
        f"http://{OTHER}:99999/",
        f"http://{OTHER}:x/",
        "http://[::1/",
        f"http://{OTHER}/with space",
        f"http://{OTHER}/\xff",
        f"http://{OTHER}/" + "x" * 2_000,
        "http://a_b.gov.kh/",
    ],
)
def test_a_redirect_out_of_bounds_is_not_followed(there: Scene, location: str) -> None:
    redirecting(there, location)
    refusal = there.refused_http_01()
    assert refusal.acme_type == "connection"
    assert "was not followed" in refusal.detail
    assert refusal.detail.isascii()


def test_redirects_in_a_circle_are_noticed(there: Scene) -> None:
    redirecting(there, f"http://{NAME}:{there.http_port}{PATH}")
    assert "circle" in there.refused_http_01().detail


def counting(scene: Scene, last: int) -> None:
    def behave(connection: socket.socket, path: str) -> None:
        hop = 0 if path == PATH else int(path.removeprefix("/hop"))
        (RIGHT if hop == last else redirect(f"/hop{hop + 1}"))(connection, path)

    scene.serve(behave)


def test_ten_redirects_are_followed(there: Scene) -> None:
    counting(there, 10)
    there.http_01()


def test_eleven_redirects_are_not(there: Scene) -> None:
    counting(there, 11)
    assert "more than 10 redirects" in there.refused_http_01().detail


def test_a_redirect_without_a_location_is_no_redirect(there: Scene) -> None:
    there.serve(page(b"", status="302 Found"))
    assert there.refused_http_01().acme_type == "incorrectResponse"
