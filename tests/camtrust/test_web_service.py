"""The whole service as processes: tokens, both listeners, nginx in front of one, the scheduler.

curl and openssl are the clients. One home and one run serve every test here.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ca.csr import verify_csr
from ca.plan import CertificateRequest
from ca.revocation.reasons import RevocationReason
from camtrust.founding import found
from camtrust.wiring import Services
from core.access import Role
from tests.conftest import lacks
from tests.enrollment.world import front_header

NAME = "officers.example.com"
ROOT = Path(__file__).parents[2]
RUN = """
import sys
from pathlib import Path
from camtrust.serving.running import run_service
from camtrust.wiring import Services
from core.event_log import set_up_event_log
set_up_event_log()
home = Path(sys.argv[1])
settings = Services(home=home).settings.serve
sys.exit(run_service(home, settings, port=int(sys.argv[2]), officers_port=int(sys.argv[3])))
"""


def find(program: str) -> str:
    import shutil

    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if path is None:
        lacks(f"the program {program} is not installed")
    assert path is not None
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Running:
    """A running service with officers ``clerk``, ``first``, ``second`` and ``gone``."""

    home: Path
    port: int
    officers_port: int
    process: subprocess.Popen[bytes]
    log: Path

    def curl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [find("curl"), "--silent", "--max-time", "20", *arguments],
            capture_output=True,
            text=True,
        )

    def public(self, path: str, *arguments: str) -> Any:
        return self.curl(*arguments, f"http://127.0.0.1:{self.port}{path}").stdout

    def officers(self, who: str | None, path: str, *arguments: str) -> str:
        trust = self.home / "run" / "front" / "trust.pem"
        signed_in = []
        if who is not None:
            signed_in = ["--cert", f"{self.file(who, 'pem')}", "--key", f"{self.file(who, 'key')}"]
        return self.curl(
            "--cacert",
            str(trust),
            "--resolve",
            f"{NAME}:{self.officers_port}:127.0.0.1",
            *signed_in,
            *arguments,
            f"https://{NAME}:{self.officers_port}{path}",
        ).stdout

    def file(self, who: str, suffix: str) -> Path:
        return self.home.parent / f"{who}.{suffix}"


def openssl_req(*arguments: str) -> None:
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run([find("openssl"), "req", *new_key, *arguments], check=True, capture_output=True)


def make_request(running_home: Path, who: str) -> tuple[Path, Path]:
    """Make a key and a request with openssl."""
    key, csr = running_home.parent / f"{who}.key", running_home.parent / f"{who}.csr"
    openssl_req("-new", "-keyout", str(key), "-out", str(csr), "-subj", f"/CN={who}")
    return key, csr


def enroll(services: Services, who: str) -> None:
    _key, csr = make_request(services.home, who)
    issued = services.issuance.issue(
        CertificateRequest(
            profile="ra-officer",
            csr=verify_csr(csr.read_bytes()),
            holder=f"person:{who}",
            facts={
                "organization_name": "Ministry of Examples",
                "surname": "Chan",
                "given_name": who.capitalize(),
            },
        )
    )
    certificate = x509.load_der_x509_certificate(issued.certificate_der)
    (services.home.parent / f"{who}.pem").write_text(
        ssl.DER_cert_to_PEM_cert(issued.certificate_der)
    )
    services.registration.officers.enroll(
        officer_id=who, role=Role.RA_OFFICER, certificate=certificate
    )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with a_running_service(tmp_path_factory.mktemp("service") / "home") as service:
        yield service


@contextmanager
def a_running_service(home: Path) -> Iterator[Running]:
    for program in ("nginx", "curl", "openssl", "softhsm2-util"):
        find(program)
    services = Services(home=home)
    list(found(services))
    (home / "camtrust.toml").write_text("[serve]\nworkers = 2\n")
    for who in ("clerk", "first", "second", "gone"):
        enroll(services, who)
    serial = x509.load_pem_x509_certificate((home.parent / "gone.pem").read_bytes()).serial_number
    services.revocation.revoke(serial_number=serial, reason=RevocationReason.KEY_COMPROMISE)
    services.close()
    port, officers_port = free_port(), free_port()
    log = home.parent / "log.jsonl"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(home), str(port), str(officers_port)],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    service = Running(home, port, officers_port, process, log)
    try:
        _wait(lambda: '"ready":true' in service.public("/readyz"), service)
        _wait(lambda: "clerk" in service.officers("clerk", "/enrollment/v1/me"), service)
        yield service
    finally:
        process.terminate()
        process.wait(30)


def _wait(condition: Callable[[], bool], service: Running) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert service.process.poll() is None, service.log.read_text()
        assert time.monotonic() < deadline, service.log.read_text()
        time.sleep(0.2)


def slug(answer: str) -> str:
    return str(json.loads(answer)["type"].rpartition("/")[2])


def post(body: Any) -> list[str]:
    return ["--header", "Content-Type: application/json", "--data", json.dumps(body)]


def test_a_request_of_openssl_is_decided_by_two_officers_and_issued(running: Running) -> None:
    key, csr = make_request(running.home, "applicant")
    body = {
        "profile": "person-signing",
        "csr": csr.read_text(),
        "holder": "person:IDCKH-012345678",
        "facts": {"surname": "Chan", "given_name": "Sokha", "identifier": "IDCKH-012345678"},
    }
    made = json.loads(running.officers("clerk", "/enrollment/v1/applications", *post(body)))
    path = f"/enrollment/v1/applications/{made['id']}"
    assert slug(running.officers("clerk", f"{path}/approval", *post({}))) == "own-application"
    states = [
        json.loads(running.officers(who, f"{path}/approval", *post({})))["state"]
        for who in ("first", "second")
    ]
    assert states == ["submitted", "issued"]
    chain = running.officers(
        "clerk", f"{path}/certificate", "--header", "Accept: application/pem-certificate-chain"
    )
    leaf, issuer = x509.load_pem_x509_certificates(chain.encode())
    leaf.verify_directly_issued_by(issuer)
    assert leaf.public_key() == load_pem_private_key(key.read_bytes(), None).public_key()
    answer = running.officers(
        "first", f"{path}/revocation", *post({"reason": "affiliationChanged"})
    )
    assert json.loads(answer)["standing"] == "revoked"


def test_without_a_certificate_the_front_answers_with_a_problem(running: Running) -> None:
    assert slug(running.officers(None, "/enrollment/v1/me")) == "sign-in-required"


def test_a_certificate_that_is_not_ours_does_not_get_past_the_front(running: Running) -> None:
    key, certificate = running.file("foreign", "key"), running.file("foreign", "pem")
    openssl_req("-x509", "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=foreign")
    assert slug(running.officers("foreign", "/enrollment/v1/me")) == "sign-in-required"


def test_a_revoked_certificate_gets_past_the_front_and_not_into_the_app(running: Running) -> None:
    assert slug(running.officers("gone", "/enrollment/v1/me")) == "client-certificate-revoked"


@pytest.mark.parametrize("name", ["X-SSL-Client-Cert", "X_SSL_Client_Cert", "x-ssl_client-cert"])
def test_a_forged_header_counts_for_nothing_at_either_door(running: Running, name: str) -> None:
    first = x509.load_pem_x509_certificate(running.file("first", "pem").read_bytes())
    forged = ["--header", f"{name}: {front_header(first)}"]
    assert slug(running.public("/enrollment/v1/me", *forged)) == "sign-in-required"
    assert json.loads(running.officers("clerk", "/enrollment/v1/me", *forged))["id"] == "clerk"
    assert slug(running.officers(None, "/enrollment/v1/me", *forged)) == "sign-in-required"


def test_a_client_cannot_say_when_its_handshake_was(running: Running) -> None:
    path = f"/enrollment/v1/applications/{'0' * 32}/approval"
    claimed = ["-H", "X-SSL-Connection-Seconds: 9999"]
    assert slug(running.officers("first", path, *post({}), *claimed)) == "application-unknown"


def test_a_body_that_is_too_large_is_a_problem_at_both_doors(running: Running) -> None:
    large = running.home.parent / "large"
    large.write_bytes(b"0" * 1_000_000)
    send = ["--header", "Content-Type: application/pkcs10", "--data-binary", f"@{large}"]
    for answer in (
        running.public("/enrollment/v1/applications", *send),
        running.officers("clerk", "/enrollment/v1/applications", *send),
    ):
        assert slug(answer) == "content-too-large"


def test_metrics_add_up_the_processes_and_are_not_for_proxied_requests(running: Running) -> None:
    crls = 'camtrust_job_runs_total{job="crls",outcome="success"}'
    _wait(lambda: crls in running.public("/metrics"), running)
    text = running.public("/metrics")
    assert 'listener="officers"' in text and 'listener="public"' in text
    assert slug(running.public("/metrics", "--header", "X-Forwarded-For: 127.0.0.1")) == (
        "no-such-path"
    )


def test_only_the_service_may_enter_its_run_folder(running: Running) -> None:
    assert (running.home / "run").stat().st_mode & 0o777 == 0o700
    assert (running.home / "run" / "officers.sock").stat().st_mode & 0o777 == 0o600


def test_the_fronts_private_key_is_on_no_disk(running: Running) -> None:
    for path in (running.home / "run").rglob("*"):
        if path.is_file():
            assert b"PRIVATE KEY" not in path.read_bytes(), path


def test_the_parent_of_all_has_nothing_that_a_fork_must_not_take_along(running: Running) -> None:
    parent = Path(f"/proc/{running.process.pid}")
    assert len(list((parent / "task").iterdir())) == 1
    assert "softhsm" not in (parent / "maps").read_text()
    opened = {one.readlink() for one in (parent / "fd").iterdir()}
    # Each process counts in files of its own: prometheus_client sees that it was forked.
    ours = {one for one in opened if one.is_relative_to(running.home)}
    assert {one.parent for one in ours} <= {running.home / "run" / "metrics"}
    names = {
        Path(f"/proc/{pid}/comm").read_text().strip()
        for pid in (parent / f"task/{running.process.pid}/children").read_text().split()
    }
    assert names == {"public", "officers", "scheduler", "status-signer-1", "nginx"}


def test_a_killed_child_comes_back(running: Running) -> None:
    started = [json.loads(line) for line in running.log.read_text().splitlines() if line[0] == "{"]
    [scheduler] = [
        one["pid"]
        for one in started
        if one["event"] == "child-started" and one["child"] == "scheduler"
    ]
    os.kill(scheduler, signal.SIGKILL)
    _wait(
        lambda: running.log.read_text().count('"child": "scheduler", "event": "child-s') == 2,
        running,
    )


def test_the_event_log_is_json_without_personal_data(running: Running) -> None:
    running.officers("clerk", "/enrollment/v1/applications?surname=Sokha")
    text = running.log.read_text()
    events = [json.loads(line) for line in text.splitlines()]
    assert {"request", "child-started"} <= {one["event"] for one in events}
    assert "Sokha" not in text and "IDCKH" not in text


def test_a_taken_port_is_said_at_once(running: Running) -> None:
    code = RUN.replace("set_up_event_log()\n", "")
    again = subprocess.run(
        [sys.executable, "-c", code, str(running.home), str(running.port), str(free_port())],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert again.returncode == 1
    assert "PortTaken" in again.stderr


def test_the_service_ends_cleanly_with_all_its_processes(tmp_path: Path) -> None:
    # A service of its own: the other tests need theirs alive.
    with a_running_service(tmp_path / "home") as ending:
        children = Path(f"/proc/{ending.process.pid}/task/{ending.process.pid}/children")
        pids = [int(pid) for pid in children.read_text().split()]
        assert len(pids) == 5
        ending.process.send_signal(signal.SIGTERM)
        assert ending.process.wait(30) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
        assert not (ending.home / "run" / "officers.sock").exists()


def openssl(*arguments: str, given: str = "") -> str:
    done = subprocess.run(
        [find("openssl"), *arguments], input=given, capture_output=True, text=True, check=True
    )
    return done.stdout


def certificates_in(answer: str) -> str:
    """The PEM of the certificates in an answer of EST, as openssl reads them."""
    assert not answer.startswith("{"), answer
    return openssl("pkcs7", "-print_certs", given=_armoured(answer))


def _armoured(base64_text: str) -> str:
    return f"-----BEGIN PKCS7-----\n{base64_text.strip()}\n-----END PKCS7-----\n"


def est_body(csr: Path) -> list[str]:
    lines = csr.read_text().splitlines()[1:-1]
    return ["--header", "Content-Type: application/pkcs10", "--data", "\n".join(lines)]


GRANTS, EST = "/enrollment/v1/grants", "/.well-known/est"
DEVICE = {
    "profile": "device",
    "holder": "device:meter-7",
    "facts": {
        "organization_name": "Ministry of Examples",
        "common_name": "meter-7",
        "device_serial_number": "KH-0007",
    },
}
# Its certificate is for servers alone: OpenSSL takes it from no client by itself.
WEB_SERVER = {
    "profile": "tls-server",
    "holder": "organization:NTRKH-00012345",
    "facts": {
        "organization_name": "Ministry of Examples",
        "organization_identifier": "NTRKH-00012345",
    },
    "dns_names": ["www.moh.gov.kh"],
}


def enrol_by_est(running: Running, name: str, grant_for: dict[str, Any]) -> Path:
    """Let officers grant a certificate, enrol with curl, and return the certificate's file."""
    terms = {
        "protocol": "est",
        "certificates_allowed": 1,
        "expires_at": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
    }
    grant = json.loads(running.officers("clerk", GRANTS, *post(grant_for | terms)))
    assert "id" in grant, grant
    path = f"{GRANTS}/{grant['id']}"
    # Grants of servers need two officers.
    states = [
        json.loads(running.officers(who, f"{path}/approval", *post({})))["state"]
        for who in ("first", "second")[: grant["approvals_needed"]]
    ]
    assert states[-1] == "active"
    told = json.loads(running.officers("clerk", f"{path}/secret", *post({})))
    _key, csr = make_request(running.home, name)
    user = ["--user", f"{told['name']}:{told['secret']}"]
    enrolled = running.public(f"{EST}/simpleenroll", *user, *est_body(csr))
    certificate = running.file(name, "pem")
    certificate.write_text(certificates_in(enrolled))
    return certificate


def request_to_renew(running: Running, name: str, dns_names: list[str]) -> Path:
    """A request of openssl with the subject and the names of the present certificate."""
    again, names = running.file("again", "csr"), running.file("names", "cnf")
    names.write_text("".join(f"subjectAltName = DNS:{one}\n" for one in dns_names))
    openssl(
        *("x509", "-x509toreq", "-in", str(running.file(name, "pem"))),
        *("-signkey", str(running.file(name, "key")), "-out", str(again)),
        *(("-extfile", str(names)) if dns_names else ()),
    )
    return again


@pytest.mark.parametrize(("name", "grant_for"), [("meter-7", DEVICE), ("www", WEB_SERVER)])
def test_a_machine_enrols_by_est_with_curl_and_renews_through_nginx(
    running: Running, name: str, grant_for: dict[str, Any]
) -> None:
    certificate = enrol_by_est(running, name, grant_for)
    anchors = running.file("est", "pem")
    anchors.write_text(certificates_in(running.public(f"{EST}/cacerts")))
    verified = openssl("verify", "-CAfile", str(anchors), str(certificate))
    assert verified.endswith(": OK\n")
    again = request_to_renew(running, name, grant_for.get("dns_names", []))
    renew = f"{EST}/simplereenroll"
    renewed = certificates_in(running.officers(name, renew, *est_body(again)))
    assert renewed != certificate.read_text()
    assert slug(running.officers("clerk", renew, *est_body(again))) == "est-not-renewable"
    # It renews and asks what to send, and gets nowhere else.
    assert not running.officers(name, f"{EST}/csrattrs").startswith("{")
    refused = slug(running.officers(name, "/enrollment/v1/me"))
    assert refused == {"meter-7": "officer-not-enrolled", "www": "sign-in-required"}[name]


def test_a_server_s_certificate_of_others_renews_nothing(running: Running) -> None:
    key, certificate = running.file("foreign", "key"), running.file("foreign", "pem")
    for_servers = ("-addext", "extendedKeyUsage=serverAuth", "-addext", "subjectAltName=DNS:a.kh")
    openssl_req(
        *("-x509", "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=a.kh"),
        *for_servers,
    )
    _key, csr = make_request(running.home, "to-renew")
    for path, sent in ((f"{EST}/simplereenroll", est_body(csr)), (f"{EST}/csrattrs", [])):
        said = slug(running.officers("foreign", path, *sent))
        assert said in {"sign-in-required", "client-certificate-foreign"}
    assert slug(running.officers("foreign", "/enrollment/v1/me")) == "sign-in-required"
