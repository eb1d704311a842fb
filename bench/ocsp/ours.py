"""Our servers: the public listener as ``camtrust serve`` runs it, and nginx before it or instead.

The settings are the defaults but for the budget of live answers, which is what is measured.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench.issuance.homes import Home, HomeNotMade
from bench.issuance.stored import AUTHORITY
from bench.ocsp.load import program
from bench.ocsp.nginx import whole_configuration
from bench.ocsp.servers import ServerFailed, free_port
from bench.ocsp.software import SoftwareAuthority
from camtrust.serving.front import TEMPLATES, render

LIVE_RATE = {"CAMTRUST_SERVE__STATUS__LIVE_RATE": "1000000 per second"}


def front_command(home: Home, port: int) -> list[str | Path]:
    """Return the command of the public listener: one worker of granian and its parent."""
    return [
        *(sys.executable, "-m", "camtrust.serving.processes"),
        *("public", home.folder, "127.0.0.1", str(port)),
    ]


def front_environment(home: Home) -> dict[str, str]:
    """Return the environment of the public listener."""
    return {**home.environment, **LIVE_RATE}


def published_command(home: Home, folder: Path, port: int) -> list[str]:
    """Publish the stored answers of a home, and return the command of nginx that serves them.

    Raises HomeNotMade where publishing fails.
    """
    files = folder / "files"
    files.mkdir(parents=True)
    publish = [
        *(sys.executable, "-c", "from camtrust.cli import main; main()"),
        *("publish", "--home", str(home.folder), "--answers", "--authority", AUTHORITY),
        *("--to", str(files)),
    ]
    done = subprocess.run(
        publish, capture_output=True, text=True, env={**os.environ, **home.environment}
    )
    if done.returncode:
        raise HomeNotMade(f"camtrust publish: {done.stderr.strip()[-500:]}")
    values = {
        "listen": f"127.0.0.1:{port}",
        "server_name": "localhost",
        "folder": str(files),
        "max_age_seconds": "60",
        "otherwise": "=200 /unauthorized.ors",
        # Asked by nobody: what has no file is said to be unauthorized, and seen by its size.
        "live": "127.0.0.1:8080",
    }
    server = render("published.conf", values)
    # As the file advises where there is worker_rlimit_nofile: all files at once.
    return _nginx(folder, _put(server, "open_file_cache max=500 ", "open_file_cache max=60000 "))


def _nginx(folder: Path, server: str) -> list[str]:
    configuration = folder / "nginx.conf"
    configuration.write_text(whole_configuration(folder, server))
    return [program("nginx", "nginx-light"), "-p", str(folder), "-c", str(configuration)]


def cache_command(folder: Path, cache: Path, port: int, front_port: int) -> list[str]:
    """Return the command of nginx that keeps answers, as deploy/nginx/public.conf has it.

    ``cache`` is the folder of what it keeps. Only the addresses are others, and the certificate of
    its TLS server, which nobody asks.
    """
    folder.mkdir(parents=True)
    certificate, key = _write_certificate(folder)
    status = folder / "status.conf"
    headers = {"proxy_headers": str(TEMPLATES / "proxy-headers.conf")}
    status.write_text(render("status.conf", headers))
    values = {
        **headers,
        "server_name": "localhost",
        "status": str(status),
        "status_cache": str(cache),
        "certificate": str(certificate),
        "certificate_key": str(key),
    }
    server = render("public.conf", values)
    for there, here in (
        ("server 127.0.0.1:8080;", f"server 127.0.0.1:{front_port};"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{free_port()} ssl;"),
    ):
        server = _put(server, there, here)
    return _nginx(folder, server)


def _write_certificate(folder: Path) -> tuple[Path, Path]:
    authority = SoftwareAuthority.with_certificates(0)
    authority.write_for_openssl(folder)
    return folder / "responder.pem", folder / "responder.key"


def _put(text: str, there: str, here: str) -> str:
    if there not in text:
        raise ServerFailed(f"deploy/nginx has no {there!r} any more.")
    return text.replace(there, here)
