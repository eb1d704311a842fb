"""The responder over HTTP as curl sees it, with `camtrust serve` running: paths, fields, caches.

Paths go out as they are written here (``--path-as-is``), through granian as in production.
"""

from __future__ import annotations

import base64
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509.ocsp import OCSPCertStatus, OCSPResponseStatus

from hsm.softhsm import provision
from tests.end_to_end.interop.conftest import Nation, run
from tests.ocsp.questions import ask, ask_many, nonce_of, read

Require = Callable[[str], str]
ROOT = Path(__file__).parents[3]
DEADLINE_SECONDS = 60
TYPE = "application/ocsp-request"


@dataclass(frozen=True)
class Service:
    """``camtrust serve`` for a copy of the nation."""

    nation: Nation
    url: str
    curl: str
    folder: Path

    def pair(self, authority: str, name: str) -> tuple[x509.Certificate, x509.Certificate]:
        return self.nation.certificate(f"{authority}-{name}"), self.nation.certificate(authority)

    def fetch(self, path: str, *options: object) -> tuple[int, dict[str, str], bytes]:
        """Return status, header fields by lower-case name, and body."""
        body, head = self.folder / "body", self.folder / "head"
        body.unlink(missing_ok=True)
        done = run(
            self.curl, "--silent", "--path-as-is", "--output", body, "--dump-header", head,
            *options, f"{self.url}{path}",
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        status, *lines = head.read_text("latin-1").strip().splitlines()
        fields = dict(line.split(": ", 1) for line in lines if ": " in line)
        octets = body.read_bytes() if body.exists() else b""
        return int(status.split()[1]), {k.lower(): v for k, v in fields.items()}, octets

    def get(self, question: bytes, *options: object) -> tuple[int, dict[str, str], bytes]:
        return self.fetch(f"/ocsp/{quote(base64.b64encode(question), safe='')}", *options)

    def post(self, question: bytes, media_type: str = TYPE) -> tuple[int, dict[str, str], bytes]:
        asked = self.folder / "asked"
        asked.write_bytes(question)
        header = f"Content-Type: {media_type}"
        return self.fetch("/ocsp", "--data-binary", f"@{asked}", "--header", header)


@pytest.fixture(scope="module")
def service(nation: Nation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("the program curl is not installed")
    folder = tmp_path_factory.mktemp("served")
    home = folder / "home"
    shutil.copytree(nation.home, home)
    provision(home)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", "from camtrust.cli import main; main()", "serve"),
            *("--home", home, "--port", str(port)),
        ],
        cwd=ROOT,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/readyz", process, folder / "log")
        service = Service(nation, url, curl, folder)
        for authority in ("people-1", "organizations-1", "camdx-1"):
            wait_for_an_answer(service, authority)
        yield service
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        log.close()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=10):
                return
        except OSError:
            time.sleep(0.2)


def wait_for_an_answer(service: Service, authority: str) -> None:
    """Ask again while the responder says so, as it may while its certificate is made."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    question = ask(*service.pair(authority, "good"))
    while True:
        _status, _fields, body = service.post(question)
        said = read(body).response_status
        if said is OCSPResponseStatus.SUCCESSFUL:
            return
        assert said is OCSPResponseStatus.TRY_LATER
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_get_is_read_however_its_path_is_written(service: Service) -> None:
    pair = service.pair("people-1", "good")
    # Octets of ones give slashes, two in a row among them, and 0xfb plus signs.
    question = ask_many([pair], nonce=b"\xff" * 100 + b"\xfb" * 28)
    plain = base64.b64encode(question).decode()
    assert "//" in plain
    assert "+" in plain
    escaped = quote(plain, safe="")
    for path in (
        f"/ocsp/{escaped}",
        f"/ocsp/{escaped.replace('%2F', '%2f')}",
        f"/ocsp/{plain}",
        f"/ocsp/{quote(plain, safe='/')}",
        f"/ocsp/{quote(plain, safe='+')}",
        f"/ocsp/{plain.rstrip('=')}",
        f"/ocsp//{plain}",
        f"/ocsp//{escaped}",
    ):
        status, fields, body = service.fetch(path)
        assert (status, fields["content-type"]) == (200, "application/ocsp-response"), path
        assert read(body).certificate_status is OCSPCertStatus.GOOD, path


@pytest.mark.parametrize("hashed", [SHA1(), SHA256()], ids=["sha1", "sha256"])
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", ["good", "revoked"])
def test_an_answer_has_the_header_fields_of_its_standard(
    service: Service, method: str, name: str, hashed: SHA1 | SHA256
) -> None:
    question = ask(*service.pair("organizations-1", name), hashed)

    status, fields, body = getattr(service, method)(question)

    # RFC 9919, Sections 6 and 7.2.
    response = read(body)
    assert status == 200
    assert response.certificate_status.name == name.upper()
    assert fields["content-type"] == "application/ocsp-response"
    assert int(fields["content-length"]) == len(body)
    assert fields["etag"] == f'"{sha256(body).hexdigest()}"'
    assert parsedate_to_datetime(fields["last-modified"]) == response.this_update_utc
    assert parsedate_to_datetime(fields["expires"]) == response.next_update_utc
    date = parsedate_to_datetime(fields["date"])
    assert datetime.now(UTC) - timedelta(minutes=1) < date <= datetime.now(UTC)
    assert fields["cache-control"] == "max-age=60, public, no-transform, must-revalidate"
    assert "pragma" not in fields
    assert "set-cookie" not in fields


def test_a_cache_that_still_has_the_answer_is_told_so(service: Service) -> None:
    # RSA signs the same octets the same way, so that an answer stays the same for its second.
    question = ask(*service.pair("camdx-1", "good"))
    statuses = set()
    for _ in range(20):
        _status, fields, _body = service.get(question)
        header = f"If-None-Match: {fields['etag']}"
        status, again, body = service.get(question, "--header", header)
        statuses.add(status)
        if status == 304:
            assert body == b""
            assert again["etag"] == fields["etag"]
            break
    assert 304 in statuses

    status, _fields, body = service.get(question, "--header", 'If-None-Match: "another"')
    assert status == 200
    assert read(body).certificate_status is OCSPCertStatus.GOOD


def test_what_caches_must_not_keep_says_so(service: Service) -> None:
    certificate, issuer = service.pair("people-1", "good")
    never_issued = ask_many([(certificate, issuer)], serials=[99])
    for question, expected in (
        (never_issued, OCSPResponseStatus.UNAUTHORIZED),
        (b"nonsense", OCSPResponseStatus.MALFORMED_REQUEST),
        (b"\x30" * 11_000, OCSPResponseStatus.MALFORMED_REQUEST),
    ):
        for method in ("post", "get"):
            if len(question) > 10_000 and method == "get":
                continue  # curl and servers have limits of their own for a URL
            status, fields, body = getattr(service, method)(question)
            assert (status, fields["cache-control"]) == (200, "no-store")
            assert read(body).response_status is expected
    status, fields, _body = service.post(never_issued, "text/plain")
    assert (status, fields["cache-control"]) == (415, "no-store")


def test_an_answer_with_a_nonce_is_for_who_asked(service: Service) -> None:
    question = ask_many([service.pair("people-1", "good")], nonce=b"n" * 32)
    for method in ("post", "get"):
        _status, fields, body = getattr(service, method)(question)
        assert nonce_of(body) == b"n" * 32
        assert "private" in fields["cache-control"]
        assert "no-store" not in fields["cache-control"]
