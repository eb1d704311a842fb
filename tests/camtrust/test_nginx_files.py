"""nginx accepts the files in deploy/nginx, filled in."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from camtrust.serving.front import TEMPLATES, render


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


def test_a_placeholder_without_a_value_is_not_left_in_place() -> None:
    with pytest.raises(KeyError):
        render("officers.conf", {})
