"""The how-to's lines of openssl, run as they stand there; the reference names every failInfo."""

from __future__ import annotations

import re
import shlex
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from werkzeug.serving import make_server

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.clock import SystemClock
from core.database import Database
from enrollment.cmp.failures import FailureInfo
from enrollment.grants.grant import GrantProtocol
from enrollment.grants.secrets import as_text
from tests.enrollment.acme.dns_server import free_port
from tests.enrollment.grants.world import active_grant
from tests.enrollment.world import World

DOCS = Path(__file__).parents[3] / "docs"
HOW_TO = (DOCS / "how-to/enrol-by-cmp.md").read_text(encoding="utf-8")
REFERENCE = (DOCS / "reference/cmp.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", HOW_TO, re.MULTILINE | re.DOTALL)


def tls_files(folder: Path) -> tuple[str, str]:
    """A certificate for localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string("CN=localhost")
    now = SystemClock().now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .public_key(key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "tls.key").write_bytes(pem)
    (folder / "tls.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    return str(folder / "tls.pem"), str(folder / "tls.key")


@pytest.fixture
def port(sqlite: Database, tmp_path: Path) -> Iterator[int]:
    """A server over TLS, and in the folder what the how-to begins with."""
    port = free_port()
    world = World(sqlite, tmp_path, SystemClock(), public_url=f"https://localhost:{port}")
    grant = active_grant(world, protocol=GrantProtocol.CMP, profile="service-client", dns_names=())
    secret = as_text(world.grant_secrets.secret_of(grant.id, "cmp-mac"))
    (tmp_path / "secret.txt").write_text(f"{secret}\n")
    (tmp_path / "name.txt").write_text(grant.id)
    app = create_app(world.parts(), Listener.PUBLIC)
    files = tls_files(tmp_path)
    server = make_server("127.0.0.1", port, app, threaded=True, ssl_context=files)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield port
    server.shutdown()
    thread.join(10)


def test_the_lines_of_the_how_to_work(
    port: int, tmp_path: Path, require: Callable[[str], str]
) -> None:
    openssl = require("openssl")
    [settings] = blocks("ini")
    assert "pki.example.com:443" in settings
    here = settings.replace("pki.example.com:443", f"localhost:{port}")
    trusted = "/etc/ssl/certs/ca-certificates.crt"
    assert trusted in here
    (tmp_path / "cmp.cnf").write_text(here.replace(trusted, "tls.pem"))
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    commands = [line for line in lines if line.startswith("openssl ")]
    for command in commands:
        words = shlex.split(command.replace("NAME", (tmp_path / "name.txt").read_text()))
        done = subprocess.run(
            [openssl, *words[1:]],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            env={"PATH": "/usr/bin:/bin", "no_proxy": "localhost"},
        )
        assert done.returncode == 0, (command, done.stdout + done.stderr)
    assert {word for line in commands for word in line.split() if word in KINDS} == KINDS


KINDS = {"ir", "cr", "kur", "p10cr", "rr", "genm"}


def test_the_reference_names_every_bit_that_is_used() -> None:
    words = {one: one.name.lower().split("_") for one in FailureInfo}
    names = {one: first + "".join(map(str.title, rest)) for one, (first, *rest) in words.items()}
    names |= {FailureInfo.BAD_POP: "badPOP"}
    assert {name for name in names.values() if f"| `{name}` |" not in REFERENCE} == set()
