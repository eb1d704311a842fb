"""The whole service with its settings by default, behind nginx: when a revocation is seen."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.ocsp import OCSPCertStatus, OCSPResponseStatus

from ca.csr import verify_csr
from ca.plan import CertificateRequest
from ca.revocation.reasons import RevocationReason
from camtrust.wiring import Services
from tests.ca.software_hierarchy import PERSON, csr_for
from tests.ocsp.front.test_nginx import TYPE, configure, free_port, path_of, wait_for
from tests.ocsp.questions import ask, read

ROOT = Path(__file__).parents[3]
# The issue of certificate status: within a minute, measured through our nginx's cache.
SEEN_WITHIN_SECONDS = 60.0
RUN = """
import sys
from pathlib import Path
from camtrust.serving.running import run_service
from camtrust.wiring import Services
from core.event_log import set_up_event_log
set_up_event_log()
home = Path(sys.argv[1])
settings = Services(home=home).settings.serve
sys.exit(run_service(home, settings, port=int(sys.argv[2]), officers_port=None))
"""


@pytest.fixture
def port(
    initialised_sqlite: Services, tmp_path: Path, require: Callable[[str], str]
) -> Iterator[tuple[int, int]]:
    """The ports of nginx and of the service behind it."""
    nginx, openssl = require("nginx"), require("openssl")
    upstream, port = free_port(), free_port()
    folder = tmp_path / "nginx"
    folder.mkdir()
    configuration = configure(folder, openssl, port, upstream)
    with (tmp_path / "log.jsonl").open("wb") as log:
        service = subprocess.Popen(
            [sys.executable, "-c", RUN, str(initialised_sqlite.home), str(upstream)],
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        front = subprocess.Popen([nginx, "-p", str(folder), "-c", str(configuration)])
        try:
            wait_for(port)
            wait_until(lambda: is_ready(upstream))
            yield port, upstream
        finally:
            front.terminate()
            service.terminate()
            front.wait(30)
            service.wait(30)


def fetch(port: int, method: str, path: str, body: bytes | None = None) -> bytes:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body, {} if body is None else {"Content-Type": TYPE})
    content = connection.getresponse().read()
    connection.close()
    return content


def is_ready(port: int) -> bool:
    try:
        return b'"ready":true' in fetch(port, "GET", "/readyz")
    except OSError:
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def is_stored(port: int, question: bytes) -> bool:
    """Tell whether two answers in a row are the same one: it was signed ahead."""
    answers = {fetch(port, "POST", "/ocsp", question) for _ in range(2)}
    if len(answers) != 1:
        return False
    answer = read(answers.pop())
    # An ECDSA signature is another each time.
    return answer.response_status is OCSPResponseStatus.SUCCESSFUL


@pytest.mark.long
def test_a_revocation_is_seen_through_nginx_within_a_minute(
    initialised_sqlite: Services, port: tuple[int, int]
) -> None:
    services, (behind_nginx, upstream) = initialised_sqlite, port
    issued = services.issuance.issue(
        CertificateRequest(
            profile="person-signing",
            csr=verify_csr(csr_for(ec.generate_private_key(ec.SECP256R1()))),
            holder="person:IDCKH-012345678",
            facts=dict(PERSON),
        )
    )
    certificate = x509.load_der_x509_certificate(issued.certificate_der)
    question = ask(certificate, services.authorities.authority(issued.authority).certificate)
    wait_until(lambda: is_stored(upstream, question))
    ways = [("GET", path_of(question), None), ("POST", "/ocsp", question)]
    for way in ways:
        answer = read(fetch(behind_nginx, *way))
        assert answer.certificate_status is OCSPCertStatus.GOOD

    services.revocation.revoke(
        serial_number=certificate.serial_number, reason=RevocationReason.KEY_COMPROMISE
    )

    revoked_at = time.monotonic()
    for way in ways:
        while read(fetch(behind_nginx, *way)).certificate_status is not OCSPCertStatus.REVOKED:
            assert time.monotonic() - revoked_at < SEEN_WITHIN_SECONDS
            time.sleep(0.25)
    print(f"seen after {time.monotonic() - revoked_at:.1f} s")
