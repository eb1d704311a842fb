"""nginx accepts the files in deploy/nginx, filled in."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import pytest

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.serving.front import TEMPLATES, render
from camtrust.web_parts import app_parts
from camtrust.wiring import Services
from tests.ocsp.front.test_nginx import free_port, wait_for

# "location = /path {" or "location ~ pattern {", and the size that its first line gives.
LOCATION = re.compile(r"location (=|~) (\S+) \{\s+client_max_body_size (\d+)([km]);")
UNITS = {"k": 10, "m": 20}


@pytest.fixture
def certificate(tmp_path: Path, require: Callable[[str], str]) -> dict[str, str]:
    subprocess.run(
        [
            *(require("openssl"), "req", "-x509", "-newkey", "ec"),
            *("-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test"),
            *("-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "certificate.pem")),
        ],
        check=True,
        capture_output=True,
    )
    return {
        "certificate": str(tmp_path / "certificate.pem"),
        "certificate_key": str(tmp_path / "key.pem"),
    }


def configured(
    folder: Path, certificate: dict[str, str], *, plain: int, tls: int, upstream: int
) -> Path:
    """Write the public front's configuration, on ports of 127.0.0.1; return where."""
    headers = str(TEMPLATES / "proxy-headers.conf")
    status = folder / "status.conf"
    status.write_text(render("status.conf", {"proxy_headers": headers}))
    server = render(
        "public.conf",
        {
            "server_name": "pki.example",
            "proxy_headers": headers,
            "status": str(status),
            "status_cache": str(folder / "status-cache"),
            **certificate,
        },
    )
    # Ports below 1024 are not ours to bind in a test.
    server = server.replace("listen 80;", f"listen 127.0.0.1:{plain};")
    server = server.replace("listen 443 ssl;", f"listen 127.0.0.1:{tls} ssl;")
    server = server.replace("server 127.0.0.1:8080;", f"server 127.0.0.1:{upstream};")
    whole = render("loopback.conf", {"folder": str(folder), "server": server, "user": "root root"})
    configuration = folder / "nginx.conf"
    # As in production, where what a server does not switch off is logged.
    configuration.write_text(
        whole.replace("access_log off;", f"access_log {folder}/access.log;", 1)
    )
    return configuration


def test_the_public_front_is_valid(
    tmp_path: Path, certificate: dict[str, str], require: Callable[[str], str]
) -> None:
    configuration = configured(tmp_path, certificate, plain=18980, tls=18943, upstream=8080)
    checked = subprocess.run(
        [require("nginx"), "-t", "-p", str(tmp_path), "-c", str(configuration)],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stderr


@dataclass
class Front:
    """A public front that runs, before an upstream that takes requests and answers none."""

    plain: int
    tls: int
    access_log: Path

    def asked(self, method: str, path: str, body_octets: int = 0) -> HTTPSConnection:
        """Send the head of a request over TLS; how long its body would be, it says."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = HTTPSConnection("127.0.0.1", self.tls, timeout=20, context=context)
        connection.putrequest(method, path)
        connection.putheader("Content-Length", str(body_octets))
        connection.endheaders()
        return connection


@pytest.fixture
def front(
    tmp_path: Path, certificate: dict[str, str], require: Callable[[str], str]
) -> Iterator[Front]:
    with socket.create_server(("127.0.0.1", 0)) as upstream:
        plain, tls = free_port(), free_port()
        port = upstream.getsockname()[1]
        configuration = configured(tmp_path, certificate, plain=plain, tls=tls, upstream=port)
        nginx = subprocess.Popen([require("nginx"), "-p", str(tmp_path), "-c", str(configuration)])
        try:
            wait_for(tls)
            yield Front(plain, tls, tmp_path / "access.log")
        finally:
            nginx.terminate()
            nginx.wait(20)


def test_one_address_has_so_many_documents_under_way_and_no_more(front: Front) -> None:
    with ExitStack() as held:

        def asked(path: str) -> HTTPSConnection:
            return held.enter_context(closing(front.asked("POST", path, 1 << 20)))

        for one in range(16):
            asked("/signing/v1/documents" if one % 2 else "/signing/v1/batches/1/documents/1")
        answer = asked("/signing/v1/documents").getresponse()
        assert answer.status == 429
        # Others of that address are let through: the upstream has it, and does not answer.
        another = asked("/signing/v1/validate")
        assert another.sock is not None
        another.sock.settimeout(1)
        with pytest.raises(TimeoutError):
            another.getresponse()


def test_a_stamp_template_is_no_place_for_a_gibibyte(front: Front) -> None:
    for path in ("/signing/v1/stamp-templates", "/signing/v1/stamp-templates/letters"):
        with closing(front.asked("PUT", path, (1 << 20) + 1)) as connection:
            assert connection.getresponse().status == 413


def test_what_a_program_sends_people_to_authorize_is_not_logged(front: Front) -> None:
    for path in ("/csc/v2/oauth2/authorize?hashes=secret", "/elsewhere?what=logged"):
        with closing(HTTPConnection("127.0.0.1", front.plain, timeout=20)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            assert (answer.status, answer.headers["Location"]) == (308, f"https://127.0.0.1{path}")
    deadline = time.monotonic() + 20
    while "logged" not in (logged := front.access_log.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "secret" not in logged


def test_nginx_lets_through_what_a_route_reads(initialised_sqlite: Services) -> None:
    app = create_app(app_parts(initialised_sqlite), Listener.PUBLIC)
    locations = [
        (re.compile(f"{pattern}$" if kind == "=" else pattern), int(size) << UNITS[unit])
        for kind, pattern, size, unit in LOCATION.findall((TEMPLATES / "public.conf").read_text())
    ]
    large = 0
    for rule in app.url_map.iter_rules():
        most = getattr(app.view_functions[rule.endpoint], "max_octets", None)
        if most is None or most <= 256 << 10:
            continue
        large += 1
        path = re.sub("<[^>]+>", "1", rule.rule)
        sizes = [size for pattern, size in locations if pattern.match(path)]
        assert sizes, f"nginx lets 256 KiB through to {path}, and {most} octets are read there"
        assert sizes[0] >= most, path
    assert large >= 5


def test_nobody_writes_down_who_asked_for_which_list_of_passes(
    initialised_sqlite: Services,
) -> None:
    app = create_app(app_parts(initialised_sqlite), Listener.PUBLIC)
    text = (TEMPLATES / "public.conf").read_text()
    found = re.search(r"location ~ (\^/passes/\S+) \{\s+access_log off;\s+proxy_pass", text)
    assert found is not None
    paths = [one.rule for one in app.url_map.iter_rules() if one.endpoint.startswith("pass-lists.")]
    assert paths and all(re.match(found[1], path) for path in paths)


def test_a_placeholder_without_a_value_is_not_left_in_place() -> None:
    with pytest.raises(KeyError):
        render("officers.conf", {})
