"""http-01 against real web servers: what is accepted, and what is refused in which words."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.outgoing.deadline import Deadline
from core.outgoing.errors import NotReached
from core.outgoing.exchange import exchange
from core.outgoing.target import Target
from tests.enrollment.acme.validation.scene import (
    INSIDE,
    KEY_AUTHORIZATION,
    NAME,
    OUTSIDE,
    OUTSIDE_6,
    PATH,
    RIGHT,
    Scene,
)
from tests.enrollment.acme.validation.web_server import not_found, page, raw


@pytest.fixture
def there(scene: Scene) -> Scene:
    scene.dns.set_a(NAME, OUTSIDE)
    return scene


def test_the_key_authorization_at_the_path_is_accepted(there: Scene) -> None:
    server = there.serve(RIGHT)
    there.http_01()
    assert server.requests[0].startswith(f"GET {PATH} HTTP/1.1\r\nHost: {NAME}:")


def test_white_space_at_the_end_of_the_body_is_ignored(there: Scene) -> None:
    there.serve(page(KEY_AUTHORIZATION.encode() + b" \r\n\t\n"))
    there.http_01()


def test_white_space_before_the_body_is_not(there: Scene) -> None:
    there.serve(page(b" " + KEY_AUTHORIZATION.encode()))
    assert there.refused_http_01().acme_type == "incorrectResponse"


def test_a_chunked_body_is_read(there: Scene) -> None:
    body = KEY_AUTHORIZATION.encode()
    chunks = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (10, body[:10], len(body) - 10, body[10:])
    there.serve(raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks))
    there.http_01()


def test_a_body_until_the_end_of_the_connection_is_read(there: Scene) -> None:
    there.serve(raw(b"HTTP/1.0 200 OK\r\n\r\n" + KEY_AUTHORIZATION.encode()))
    there.http_01()


def test_a_wrong_body_is_refused_and_quoted_without_its_control_characters(there: Scene) -> None:
    there.serve(page(b"<script>\x1b[31m\xff" + b"x" * 500))
    refusal = there.refused_http_01()
    assert refusal.acme_type == "incorrectResponse"
    assert "\\x3cscript\\x3e\\x1b[31m\\xff" in refusal.detail
    assert refusal.detail.isascii()
    assert refusal.detail.isprintable()
    assert len(refusal.detail) < 500


def test_a_key_authorization_of_another_account_is_refused(there: Scene) -> None:
    there.serve(page(KEY_AUTHORIZATION[:-1].encode() + b"x"))
    assert there.refused_http_01().acme_type == "incorrectResponse"


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "201 Created", "204 No Content"])
def test_another_status_than_200_is_refused(there: Scene, status: str) -> None:
    there.serve(page(KEY_AUTHORIZATION.encode(), status=status))
    refusal = there.refused_http_01()
    assert refusal.acme_type == "incorrectResponse"
    assert f"status {status[:3]}" in refusal.detail


def test_of_a_body_of_50_mb_only_the_beginning_is_read(there: Scene) -> None:
    sent = 0

    def flood(connection: socket.socket, _path: str) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n")
        with contextlib.suppress(OSError):
            for _ in range(800):
                sent += connection.send(b"x" * 65_536)

    there.serve(flood)
    refusal = there.refused_http_01()
    assert refusal.acme_type == "incorrectResponse"
    assert "longer than 4096 octets" in refusal.detail
    assert sent < 30_000_000


def test_headers_without_end_are_not_read_to_the_end(there: Scene) -> None:
    line = b"X-Filler: " + b"x" * 2_000 + b"\r\n"
    there.serve(raw(b"HTTP/1.1 200 OK\r\n" + line * 60 + b"\r\n"))
    assert there.refused_http_01().acme_type == "incorrectResponse"


def test_a_server_that_continues_for_ever_is_left(there: Scene) -> None:
    there.serve(raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000))
    assert there.refused_http_01().acme_type == "incorrectResponse"


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n"])
def test_a_slow_drip_ends_at_the_deadline(there: Scene, head: bytes) -> None:
    def drip(connection: socket.socket, _path: str) -> None:
        connection.sendall(head)
        for _ in range(200):
            connection.sendall(b"H")
            time.sleep(0.1)

    there.serve(drip)
    before = time.monotonic()
    refusal = there.refused_http_01(timeout_seconds=0.6)
    assert time.monotonic() - before < 3
    assert refusal.acme_type == "connection"
    assert "did not answer in time" in refusal.detail


def test_a_server_that_says_nothing_is_left_at_the_deadline(there: Scene) -> None:
    there.serve(lambda _connection, _path: time.sleep(5))
    assert there.refused_http_01(timeout_seconds=0.4).acme_type == "connection"


def test_what_is_no_http_is_refused(there: Scene) -> None:
    there.serve(raw(b"SSH-2.0-OpenSSH_9.2\r\n"))
    refusal = there.refused_http_01()
    assert (refusal.acme_type, "not HTTP" in refusal.detail) == ("incorrectResponse", True)


def test_nobody_listening_is_a_refusal_that_names_the_address(there: Scene) -> None:
    refusal = there.refused_http_01()
    assert refusal.acme_type == "connection"
    assert OUTSIDE in refusal.detail


def test_a_name_that_does_not_exist_is_a_dns_error(scene: Scene) -> None:
    assert scene.refused_http_01().acme_type == "dns"


def test_a_wildcard_is_not_proved_by_http(there: Scene) -> None:
    there.serve(RIGHT)
    assert there.refused_http_01(f"*.{NAME}").acme_type == "unauthorized"


# Addresses.


def test_a_name_inside_is_never_connected_to(scene: Scene) -> None:
    scene.dns.set_a(NAME, INSIDE)
    server = scene.serve(RIGHT, INSIDE)
    refusal = scene.refused_http_01()
    assert (refusal.acme_type, server.callers) == ("connection", [])
    assert "not reached from here: 127.0.0.1" in refusal.detail


def test_a_name_inside_is_connected_to_where_the_settings_allow_it(scene: Scene) -> None:
    scene.dns.set_a(NAME, INSIDE)
    scene.serve(RIGHT, INSIDE)
    scene.http_01(allow_private_addresses=True)


def test_of_two_addresses_only_the_public_one_is_tried(scene: Scene) -> None:
    scene.dns.set_a(NAME, INSIDE, OUTSIDE)
    inside, _ = scene.serve(not_found, INSIDE), scene.serve(RIGHT)
    scene.http_01()
    assert inside.callers == []


def test_a_name_that_rebinds_is_looked_up_once_and_gains_nothing(scene: Scene) -> None:
    scene.dns.set_a_in_turn(NAME, OUTSIDE, INSIDE)
    inside, _ = scene.serve(RIGHT, INSIDE), scene.serve(not_found)
    scene.refused_http_01()
    assert inside.callers == []
    assert scene.dns.queries.count((NAME, "A")) == 1


def test_ipv6_goes_before_ipv4(there: Scene) -> None:
    there.dns.set_aaaa(NAME, OUTSIDE_6)
    there.serve(RIGHT, OUTSIDE_6)
    old = there.serve(not_found)
    there.http_01()
    assert old.callers == []


def test_ipv4_is_tried_when_nobody_answers_by_ipv6(there: Scene) -> None:
    there.dns.set_aaaa(NAME, OUTSIDE_6)
    there.serve(RIGHT)
    there.http_01()


def test_a_failing_aaaa_look_up_leaves_the_a_record(there: Scene) -> None:
    there.dns.servfail(NAME, "AAAA")
    there.serve(RIGHT)
    there.http_01()


# What a server may send: anything.

TARGET = Target(scheme="http", host=NAME, port=80, path=PATH)


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=400)
    | st.builds(
        lambda line, body: b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\n" + body,
        st.sampled_from(
            [b"Content-Length: ", b"Transfer-Encoding: chunked", b"Location: "]
        ).flatmap(lambda one: st.binary(max_size=40).map(lambda rest: one + rest)),
        st.binary(max_size=200),
    )
)
def test_whatever_is_sent_gives_an_answer_or_a_refusal(octets: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(octets)
        theirs.shutdown(socket.SHUT_WR)
        with contextlib.suppress(NotReached, OSError):
            exchange(ours, TARGET, b"", Deadline(5))
