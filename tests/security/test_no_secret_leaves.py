"""No private key outside its token, no PIN outside its file, while the whole service runs."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509 import ocsp
from sqlalchemy import select

from camtrust.tables import metadata
from camtrust.wiring import Services
from hsm.keys import KeyAlgorithm
from tests.security.secret_search import Finding, SecretSearch

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 60
WRONG_PIN = "a-pin-that-the-token-refuses"
Ask = Callable[..., Any]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RunningService:
    """``camtrust serve`` with the officers' front, its log and a temporary folder of its own."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home = home
        self.log = folder / "service.log"
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self.port, self.officers_port = free_port(), free_port()
        arguments = ["--home", str(home), "--port", str(self.port)]
        arguments += ["--officers-port", str(self.officers_port)]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    "from camtrust.cli import main; main()",
                    "serve",
                    *arguments,
                ],
                cwd=ROOT,
                env={**os.environ, "TMPDIR": str(self.temporary)},
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def pids(self) -> list[int]:
        """Return every process of the service."""
        found, new = [], [self.process.pid]
        while new:
            found += new
            new = [child for pid in new for child in _children(pid)]
        return found

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/readyz", timeout=10
            ) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def front_listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.officers_port)) == 0

    def status(self, certificate: x509.Certificate, issuer: x509.Certificate) -> ocsp.OCSPResponse:
        request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA256()).build()
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/ocsp",
            data=request.public_bytes(Encoding.DER),
            headers={"Content-Type": "application/ocsp-request"},
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return ocsp.load_der_ocsp_response(answer.read())

    def is_answered(self, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
        answer = self.status(certificate, issuer)
        assert answer.response_status in (
            ocsp.OCSPResponseStatus.SUCCESSFUL,
            ocsp.OCSPResponseStatus.TRY_LATER,
        )
        return answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.2)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for one in listed for child in one.read_text().split()]


@pytest.fixture
def service(
    initialised_sqlite: Services, tmp_path: Path, require: Callable[[str], str]
) -> Iterator[RunningService]:
    require("nginx")
    running = RunningService(initialised_sqlite.home, tmp_path)
    try:
        running.wait(lambda: running.ready() and running.front_listens())
        yield running
    finally:
        running.stop()


def test_neither_key_nor_pin_is_found_while_the_service_runs(
    initialised_sqlite: Services, service: RunningService, ask: Ask
) -> None:
    services = initialised_sqlite
    services.keys.generate_wrapped(label="kept in the database", algorithm=KeyAlgorithm.EC_P256)
    _work_and_fail(services, service, ask)
    search = _search_for_secrets_of(services)
    findings = [
        *_in_files(search, service.home, aside=("tokens", "pins")),
        *_in_files(search, service.temporary),
        *search.in_octets("the event log", service.log.read_bytes()),
        *_in_tables(search, services),
        *_in_processes(search, service.pids()),
    ]
    assert findings == []
    # What was searched is what there is: the front's memory file is the one key outside.
    assert len(service.pids()) >= 6
    assert b"wrong-pin" in service.log.read_bytes()


def test_a_pin_stands_in_its_own_file_alone_which_its_owner_alone_reads(
    initialised_sqlite: Services,
) -> None:
    pins = initialised_sqlite.home / "pins"
    assert pins.stat().st_mode & 0o077 == 0
    assert initialised_sqlite.home.stat().st_mode & 0o077 == 0
    found: dict[str, list[str]] = {}
    for path in pins.iterdir():
        assert path.stat().st_mode & 0o077 == 0
        found.setdefault(path.read_text(), []).append(path.name)
    assert all(len(names) == 1 for names in found.values())


def _work_and_fail(services: Services, service: RunningService, ask: Ask) -> None:
    """Sign, and fail to log in: what goes wrong is where secrets are said aloud."""
    issued = services.issuance.issue(ask("sensor-1"))
    certificate = x509.load_der_x509_certificate(issued.certificate_der)
    issuer = services.authorities.authority(issued.authority).certificate
    # RFC 6960, Section 2.3: tryLater is said while the scheduler gets the responder certified.
    service.wait(lambda: service.is_answered(certificate, issuer))
    answer = service.status(certificate, issuer)
    assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD
    pin, tokens = services.home / "pins" / "status", services.home / "tokens"
    right, aside = pin.read_text(), services.home / "tokens-aside"
    pin.write_text(WRONG_PIN + "\n")
    tokens.rename(aside)
    service.wait(lambda: not service.ready())
    aside.rename(tokens)
    # The module starts anew, and every session logs in again.
    service.wait(lambda: b"wrong-pin" in service.log.read_bytes() or service.ready())
    pin.write_text(right)
    service.wait(service.ready)


def _search_for_secrets_of(services: Services) -> SecretSearch:
    pins = [path.read_text().strip() for path in (services.home / "pins").iterdir()]
    public_keys = [record.public_key_der for record in services.keys.records()]
    return SecretSearch(pins=[*pins, WRONG_PIN], public_keys=public_keys)


def _in_files(search: SecretSearch, folder: Path, aside: tuple[str, ...] = ()) -> Iterator[Finding]:
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).parts[0] not in aside:
            yield from search.in_octets(str(path), path.read_bytes())


def _in_tables(search: SecretSearch, services: Services) -> Iterator[Finding]:
    with services.database.read() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                for value in row:
                    octets = value if isinstance(value, bytes) else str(value).encode()
                    yield from search.in_octets(table.name, octets)
                    yield from search.in_number(table.name, octets)


def _in_processes(search: SecretSearch, pids: list[int]) -> Iterator[Finding]:
    for pid in pids:
        for name in ("cmdline", "environ"):
            yield from search.in_octets(
                f"{name} of {pid}", Path(f"/proc/{pid}/{name}").read_bytes()
            )
        for open_file in Path(f"/proc/{pid}/fd").iterdir():
            target = str(open_file.readlink())
            # A file that has no name any more is on the disk all the same.
            if target.endswith(" (deleted)") and not target.startswith("/memfd:"):
                yield from search.in_octets(target, open_file.read_bytes())


EC_KEY = ec.generate_private_key(ec.SECP256R1())
P384_KEY = ec.generate_private_key(ec.SECP384R1())
ED25519_KEY = ed25519.Ed25519PrivateKey.generate()
RSA_KEY = rsa.generate_private_key(65537, 2048)
SCALAR = EC_KEY.private_numbers().private_value.to_bytes(32, "big")
LARGE_SCALAR = P384_KEY.private_numbers().private_value.to_bytes(48, "big")
PIN = "1f2e3d4c5b6a79880123456789abcdef"


def _written(key: Any, encoding: Encoding, form: PrivateFormat) -> bytes:
    octets: bytes = key.private_bytes(encoding, form, NoEncryption())
    return octets


LEAKS = {
    "PEM": _written(EC_KEY, Encoding.PEM, PrivateFormat.PKCS8),
    "SEC 1 PEM": _written(EC_KEY, Encoding.PEM, PrivateFormat.TraditionalOpenSSL),
    "EC PKCS #8": _written(EC_KEY, Encoding.DER, PrivateFormat.PKCS8),
    "EC P-384 PKCS #8": _written(P384_KEY, Encoding.DER, PrivateFormat.PKCS8),
    "EC SEC 1": _written(EC_KEY, Encoding.DER, PrivateFormat.TraditionalOpenSSL),
    "Ed25519 PKCS #8": _written(ED25519_KEY, Encoding.DER, PrivateFormat.PKCS8),
    "RSA PKCS #8": _written(RSA_KEY, Encoding.DER, PrivateFormat.PKCS8),
    "RSA PKCS #1": _written(RSA_KEY, Encoding.DER, PrivateFormat.TraditionalOpenSSL),
    "scalar in hex": SCALAR.hex().encode(),
    "scalar in base64": base64.b64encode(SCALAR),
    "scalar in base64url": base64.urlsafe_b64encode(SCALAR).rstrip(b"="),
    "scalar in decimal": str(int.from_bytes(SCALAR, "big")).encode(),
    "P-384 scalar in hex": LARGE_SCALAR.hex().encode(),
    "P-384 scalar in base64": base64.b64encode(LARGE_SCALAR),
    "Ed25519 seed in hex": ED25519_KEY.private_bytes_raw().hex().encode(),
    "PIN": PIN.encode(),
    "PIN in base64": base64.b64encode(PIN.encode()),
    "PIN in UTF-16": PIN.encode("utf-16-le"),
}


def _known(key: Any) -> bytes:
    octets: bytes = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return octets


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_the_search_finds_a_planted(leak: bytes) -> None:
    public_keys = map(_known, (EC_KEY, P384_KEY, ED25519_KEY, RSA_KEY))
    search = SecretSearch(pins=[PIN], public_keys=public_keys)
    assert list(search.in_octets("log", b'{"event": "' + leak + b'"}'))


def test_the_search_finds_a_bare_number_in_a_column() -> None:
    search = SecretSearch(pins=[], public_keys=[_known(EC_KEY)])
    assert list(search.in_number("keys", SCALAR))
    assert not list(search.in_number("keys", bytes(31) + b"\x01"))
