"""The front behind nginx as deploy/nginx has it: what its cache keeps, and for how long."""

from __future__ import annotations

import base64
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.x509.ocsp import OCSPCertStatus, OCSPResponseStatus
from werkzeug.serving import make_server

from ca.revocation.reasons import RevocationReason
from ca.revocation.revocation import Revocation
from camtrust.serving.front import TEMPLATES, render
from tests.ca.revocation.world import World
from tests.ocsp.front.signed_ahead import Front
from tests.ocsp.questions import ask, ask_many, nonce_of, read

TYPE = "application/ocsp-request"
# Long enough that no test is over before it, unless it waits.
KEPT_SECONDS = 3
HEADERS = TEMPLATES / "proxy-headers.conf"


@dataclass
class Nginx:
    """nginx in front of a front. ``reached`` are the requests that nginx passed on."""

    port: int
    front: Front
    reached: list[tuple[str, str]]

    def send(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[HTTPResponse, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        if body is not None:
            headers.setdefault("Content-Type", TYPE)
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        connection.request(method, path, body, named)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response, content

    def get(self, question: bytes, **headers: str) -> tuple[HTTPResponse, bytes]:
        return self.send("GET", path_of(question), **headers)

    def post(self, question: bytes) -> tuple[HTTPResponse, bytes]:
        return self.send("POST", "/ocsp", question)


def path_of(question: bytes) -> str:
    return "/ocsp/" + quote(base64.b64encode(question).decode(), safe="")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def nginx(front: Front, tmp_path: Path, require: Callable[[str], str]) -> Iterator[Nginx]:
    program, openssl = require("nginx"), require("openssl")
    front.proxy_keeps = timedelta(seconds=KEPT_SECONDS)
    front.__post_init__()
    reached: list[tuple[str, str]] = []

    def counting(environ: dict[str, str], start_response: Callable[..., object]) -> object:
        reached.append((environ["REQUEST_METHOD"], environ["RAW_URI"]))
        return front.application(environ, start_response)

    server = make_server("127.0.0.1", 0, counting, threaded=True)  # type: ignore[arg-type]
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    port = free_port()
    folder = tmp_path / "nginx"
    folder.mkdir()
    configuration = configure(folder, openssl, port, server.port)
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(configuration)])
    try:
        wait_for(port)
        yield Nginx(port, front, reached)
    finally:
        process.terminate()
        process.wait(20)
        server.shutdown()
        serving.join()
        server.server_close()


def configure(folder: Path, openssl: str, port: int, upstream: int) -> Path:
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-subj", "/CN=test"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")),
        ],
        check=True,
        capture_output=True,
    )
    status = folder / "status.conf"
    status.write_text(render("status.conf", {"proxy_headers": str(HEADERS)}))
    public = render(
        "public.conf",
        {
            "server_name": "pki.example",
            "proxy_headers": str(HEADERS),
            "status": str(status),
            "status_cache": str(folder / "cache"),
            "certificate": str(folder / "certificate.pem"),
            "certificate_key": str(folder / "key.pem"),
        },
    )
    # The ports of a front in production are not ours to bind in a test.
    public = public.replace("listen 80;", f"listen 127.0.0.1:{port};")
    public = public.replace("listen 443 ssl;", f"listen 127.0.0.1:{free_port()} ssl;")
    public = public.replace("server 127.0.0.1:8080;", f"server 127.0.0.1:{upstream};")
    configuration = folder / "nginx.conf"
    configuration.write_text(
        render("loopback.conf", {"folder": str(folder), "server": public, "user": "root root"})
    )
    return configuration


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def subscriber(world: World) -> x509.Certificate:
    return world.issue("people-1")


@pytest.fixture
def question(world: World, front: Front, subscriber: x509.Certificate) -> bytes:
    front.sign(subscriber)
    return ask(subscriber, world.certificates["people-1"])


def test_get_and_post_are_kept_apart_and_asked_for_once(nginx: Nginx, question: bytes) -> None:
    for _ in range(5):
        for got, body in (nginx.get(question), nginx.post(question)):
            assert got.status == 200
            assert read(body).certificate_status is OCSPCertStatus.GOOD
            assert got.headers["Cache-Control"] == (
                "max-age=60, public, no-transform, must-revalidate"
            )
            assert got.headers["Content-Type"] == "application/ocsp-response"
            assert set(got.headers) >= {"Date", "ETag", "Expires", "Last-Modified"}
            assert "X-Accel-Expires" not in got.headers
    assert sorted(nginx.reached) == [("GET", path_of(question)), ("POST", "/ocsp")]


def test_each_post_has_its_own_answer(world: World, nginx: Nginx, question: bytes) -> None:
    other = world.issue("people-1")
    nginx.front.sign(other)
    # As long as the longest that is read: all of it is in the key.
    padded = question + bytes(10_000 - len(question))
    for _ in range(2):
        assert read(nginx.post(question)[1]).serial_number != other.serial_number
        _got, body = nginx.post(ask(other, world.certificates["people-1"]))
        assert read(body).serial_number == other.serial_number
        for longest in (padded, padded[:-1] + b"x"):
            status = read(nginx.post(longest)[1]).response_status
            assert status is OCSPResponseStatus.MALFORMED_REQUEST
    assert len(nginx.reached) == 6


def test_too_long_a_body_does_not_get_through(nginx: Nginx) -> None:
    assert nginx.post(bytes(10_241))[0].status == 413
    assert nginx.reached == []


def test_a_query_does_not_pass_the_cache_by(nginx: Nginx, question: bytes) -> None:
    for number in range(3):
        assert nginx.send("GET", f"{path_of(question)}?n={number}")[0].status == 404
    assert nginx.reached == []


def test_what_is_for_one_client_or_for_nobody_is_not_kept(
    world: World, nginx: Nginx, question: bytes, subscriber: x509.Certificate
) -> None:
    issuer = world.certificates["people-1"]
    with_nonce = ask_many([(subscriber, issuer)], nonce=b"n" * 32)
    never = ask_many([(subscriber, issuer)], serials=[99])
    for each in (with_nonce, never, b"nonsense"):
        for send in (nginx.get, nginx.post):
            before = len(nginx.reached)
            for _ in range(3):
                _got, body = send(each)
            assert len(nginx.reached) == before + 3
            if each is with_nonce:
                assert nonce_of(body) == b"n" * 32


def test_head_and_conditional_requests_are_answered_from_what_was_kept(
    nginx: Nginx, question: bytes
) -> None:
    tag = nginx.get(question)[0].headers["ETag"]
    head, content = nginx.send("HEAD", path_of(question))
    assert (head.status, head.headers["ETag"], content) == (200, tag, b"")
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        assert nginx.get(question, If_None_Match=known)[0].status == 304
    assert nginx.get(question, If_None_Match='"other"')[0].status == 200
    same_second = nginx.get(question, If_Modified_Since=head.headers["Last-Modified"])[0]
    assert same_second.status == 200
    assert len(nginx.reached) == 1


def test_an_address_goes_on_as_the_client_spelled_it(
    world: World, nginx: Nginx, question: bytes, subscriber: x509.Certificate
) -> None:
    pair = (subscriber, world.certificates["people-1"])
    slashes = ask_many([pair], raw_nonce=b"\x04\x7e" + b"\xff" * 126)
    for each in (question, slashes):
        text = base64.b64encode(each).decode()
        for encoded in (text, quote(text, safe=""), quote(text, safe="/"), f"/{text}"):
            got, body = nginx.send("GET", f"/ocsp/{encoded}")
            assert got.status == 200
            assert read(body).certificate_status is OCSPCertStatus.GOOD
            assert nginx.reached[-1] == ("GET", f"/ocsp/{encoded}")


def test_a_revocation_is_seen_as_soon_as_nginx_lets_go(
    nginx: Nginx, question: bytes, subscriber: x509.Certificate, revocation: Revocation
) -> None:
    for _got, body in (nginx.get(question), nginx.post(question)):
        assert read(body).certificate_status is OCSPCertStatus.GOOD
    revocation.revoke(
        serial_number=subscriber.serial_number, reason=RevocationReason.KEY_COMPROMISE
    )
    nginx.front.sign(subscriber)

    # max-age, which is for others, would be a minute.
    time.sleep(KEPT_SECONDS + 1)

    for _got, body in (nginx.get(question), nginx.post(question)):
        assert read(body).certificate_status is OCSPCertStatus.REVOKED


def test_nothing_is_kept_beyond_next_update(
    nginx: Nginx, question: bytes, subscriber: x509.Certificate
) -> None:
    clock = nginx.front.world.clock
    clock.advance(timedelta(hours=48) - timedelta(seconds=2))  # type: ignore[attr-defined]
    nginx.front.beat()
    for _ in range(3):
        assert nginx.get(question)[0].headers["Cache-Control"].startswith("max-age=1, ")
    assert len(nginx.reached) == 1
    time.sleep(2)
    nginx.get(question)
    assert len(nginx.reached) == 2


def test_old_answers_do_not_stand_in_for_an_app_that_fails(nginx: Nginx, question: bytes) -> None:
    def fails(_environ: object, start_response: Callable[..., object]) -> list[bytes]:
        start_response("503 Service Unavailable", [("Content-Length", "0")])
        return []

    nginx.get(question)
    nginx.front.application = fails  # type: ignore[assignment]
    assert nginx.get(question)[0].status == 200
    # RFC 9111, Section 5.2.2.2: must-revalidate.
    time.sleep(KEPT_SECONDS + 1)
    assert nginx.get(question)[0].status == 503
