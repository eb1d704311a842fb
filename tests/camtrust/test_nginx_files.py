"""nginx accepts the files in deploy/nginx, filled in."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.serving.front import TEMPLATES, render
from camtrust.web_parts import app_parts
from camtrust.wiring import Services

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


def test_the_public_front_is_valid(
    tmp_path: Path, certificate: dict[str, str], require: Callable[[str], str]
) -> None:
    status = tmp_path / "status.conf"
    status.write_text(
        render("status.conf", {"proxy_headers": str(TEMPLATES / "proxy-headers.conf")})
    )
    server = render(
        "public.conf",
        {
            "server_name": "pki.example",
            "proxy_headers": str(TEMPLATES / "proxy-headers.conf"),
            "status": str(status),
            "status_cache": str(tmp_path / "status-cache"),
            **certificate,
        },
    )
    # Ports below 1024 are not ours to bind in a test.
    server = server.replace("listen 80;", "listen 127.0.0.1:18980;")
    server = server.replace("listen 443 ssl;", "listen 127.0.0.1:18943 ssl;")
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(
        render("loopback.conf", {"folder": str(tmp_path), "server": server, "user": "root root"})
    )
    checked = subprocess.run(
        [require("nginx"), "-t", "-p", str(tmp_path), "-c", str(configuration)],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stderr


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
