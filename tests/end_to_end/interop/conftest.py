"""A nation founded for these tests, and certificates of it as files for others' programs.

Keys and requests come from openssl, certificates, CRLs and answers from the founded home with
its SoftHSM tokens. Everything says that it is found at ``http://localhost:PORT``, where the
fixture ``live`` listens. The people and organizations here are made up.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from werkzeug.serving import make_server

from ca.csr import VerifiedCsr, verify_csr
from ca.plan import CertificateRequest, FactValue
from ca.revocation.reasons import RevocationReason
from camtrust.app import create_app
from camtrust.founding import found
from camtrust.listeners import Listener
from camtrust.serving.status.mounting import status_front
from camtrust.web_parts import app_parts
from camtrust.wiring import Services
from tests.conftest import lacks

# RFC 5612: an arc for examples that other programs can read; 2.999 they cannot all.
POLICY_ARC = "1.3.6.1.4.1.32473.855"

EC = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
KEY_OPTIONS = {
    "ec-p256": EC,
    "ec-p384": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
    "rsa": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"),
    "ed25519": ("-algorithm", "ED25519"),
}


@dataclass(frozen=True)
class Subscriber:
    """What is issued under an authority, and what a decision would have established."""

    profile: str
    facts: dict[str, FactValue]
    policy: int | None
    key_type: str = "ec-p256"
    anchor: str = "root-1"
    has_ocsp: bool = True


MINISTRY: dict[str, FactValue] = {
    "organization_name": "Example Ministry",
    "organization_identifier": "NTRKH-00000001",
    "common_name": "Example Ministry",
}
SERVER: dict[str, FactValue] = {
    "organization_name": "Example Ministry",
    "member_code": "EXAMPLE-1",
    "server_name": "server.example.com",
}
SUBSCRIBERS = {
    "people-1": Subscriber(
        "person-authentication",
        {"surname": "TEST", "given_name": "Person", "identifier": "IDCKH-000000001"},
        policy=1,
    ),
    "organizations-1": Subscriber("organization-seal", MINISTRY, policy=5),
    "devices-1": Subscriber(
        "device", {**MINISTRY, "device_serial_number": "1", "common_name": "Gate 1"}, policy=11
    ),
    "programs-1": Subscriber("service-client", MINISTRY, policy=10),
    "camdx-1": Subscriber("xroad-authentication", SERVER, policy=6, key_type="rsa"),
    "health-1": Subscriber("health-dsc", MINISTRY, policy=None, anchor="health-1", has_ocsp=False),
    "vds-nc-1": Subscriber(
        "vds-nc-signer",
        {"signer_identifier": "01"},
        policy=None,
        anchor="vds-nc-1",
        has_ocsp=False,
    ),
}
WITH_OCSP = [name for name, one in SUBSCRIBERS.items() if one.has_ocsp]
# Everything else that CamDX's authority certifies: X-Road asks for its status too.
MORE_OF_CAMDX = {
    "signing": Subscriber(
        "xroad-signing", {**SERVER, "member_class": "GOV"}, policy=7, key_type="rsa"
    ),
    "stamping": Subscriber("time-stamping-rsa", MINISTRY, policy=14, key_type="rsa"),
}


def run(*command: object) -> subprocess.CompletedProcess[str]:
    """Run a program; ``stdout`` holds what it said on either channel."""
    return subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )


def request_by_openssl(path: Path, key_type: str, subject: str = "/CN=request") -> VerifiedCsr:
    """Have openssl make a key and a request at ``path`` with other suffixes; read it as ours."""
    openssl = shutil.which("openssl")
    if openssl is None:
        lacks("the program openssl is not installed")
    key, csr = path.with_suffix(".key"), path.with_suffix(".csr")
    for command in (
        (openssl, "genpkey", *KEY_OPTIONS[key_type], "-out", key),
        (openssl, "req", "-new", "-key", key, "-subj", subject, "-out", csr),
    ):
        done = run(*command)
        assert done.returncode == 0, done.stdout
    return verify_csr(csr.read_bytes())


@dataclass(frozen=True)
class Nation:
    """A founded home and a folder of files; ``door`` is the socket that its URLs lead to.

    For each issuing authority there are ``AUTHORITY-good`` and ``AUTHORITY-revoked``, each as
    .pem and .der, and the CRL of its shard as .crl, which says so; ``AUTHORITY-before.crl`` is
    the revoked one's from before.
    """

    home: Path
    folder: Path
    url: str
    door: socket.socket

    def certificate(self, name: str) -> x509.Certificate:
        return x509.load_der_x509_certificate((self.folder / f"{name}.der").read_bytes())

    def chain(self, authority: str, name: str) -> Path:
        """A file with a certificate and those above it, the anchor's last."""
        subscriber = SUBSCRIBERS[authority]
        names = dict.fromkeys([f"{authority}-{name}", authority, subscriber.anchor])
        path = self.folder / f"{authority}-{name}.chain"
        path.write_bytes(b"".join((self.folder / f"{one}.pem").read_bytes() for one in names))
        return path

    def write_certificate(self, name: str, certificate: x509.Certificate) -> None:
        (self.folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        (self.folder / f"{name}.der").write_bytes(certificate.public_bytes(Encoding.DER))

    def write_crl(self, name: str, crl_der: bytes) -> None:
        pem = x509.load_der_x509_crl(crl_der).public_bytes(Encoding.PEM)
        (self.folder / f"{name}.crl").write_bytes(pem)
        (self.folder / f"{name}.crl.der").write_bytes(crl_der)


@pytest.fixture(scope="session")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nation]:
    """Found a home; let each authority issue, revoke and publish."""
    folder = tmp_path_factory.mktemp("nation")
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"http://localhost:{door.getsockname()[1]}"
        nation = Nation(folder / "home", folder / "files", url, door)
        nation.home.mkdir()
        nation.folder.mkdir()
        (nation.home / "camtrust.toml").write_text(
            f'[ca]\npublication_url = "{url}"\npolicy_arc = "{POLICY_ARC}"\n'
        )
        services = Services(home=nation.home)
        try:
            for _line in found(services):
                pass
            _fill(nation, services)
        finally:
            services.close()
        yield nation


@pytest.fixture(scope="module")
def live(nation: Nation) -> Iterator[Nation]:
    """The nation with its public listener running."""
    services = Services(home=nation.home)
    app = status_front(create_app(app_parts(services), Listener.PUBLIC), services)
    port = nation.door.getsockname()[1]
    server = make_server("127.0.0.1", port, app, threaded=True, fd=nation.door.fileno())
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield nation
    server.shutdown()
    thread.join()
    server.server_close()
    services.close()


def _fill(nation: Nation, services: Services) -> None:
    for one in services.authorities.all():
        nation.write_certificate(one.name, one.certificate)
    wanted = [
        (name, f"{name}-{standing}", one)
        for name, one in SUBSCRIBERS.items()
        for standing in ("good", "revoked")
    ]
    wanted += [("camdx-1", f"camdx-1-{name}", one) for name, one in MORE_OF_CAMDX.items()]
    _issue(nation, services, wanted)
    nation.write_crl("root-1", services.crls.newest("root-1", 0).crl_der)
    for authority in SUBSCRIBERS:
        revoked = nation.certificate(f"{authority}-revoked")
        before = services.crls.newest(authority, shard_of(revoked))
        nation.write_crl(f"{authority}-before", before.crl_der)
        services.revocation.revoke(
            serial_number=revoked.serial_number, reason=RevocationReason.KEY_COMPROMISE
        )
        for standing in ("good", "revoked"):
            certificate = nation.certificate(f"{authority}-{standing}")
            after = services.crls.issue(authority, shard_of(certificate))
            nation.write_crl(f"{authority}-{standing}", after.crl_der)


def _issue(
    nation: Nation, services: Services, wanted: Sequence[tuple[str, str, Subscriber]]
) -> None:
    requests = [
        CertificateRequest(
            profile=one.profile,
            csr=request_by_openssl(nation.folder / name, one.key_type),
            holder=f"test:{name}",
            facts=one.facts,
            authority=authority,
        )
        for authority, name, one in wanted
    ]
    outcomes = services.issuance.issue_many(requests)
    for (_authority, name, _subscriber), outcome in zip(wanted, outcomes, strict=True):
        if isinstance(outcome, Exception):
            raise outcome
        certificate = x509.load_der_x509_certificate(outcome.certificate_der)
        nation.write_certificate(name, certificate)


def shard_of(certificate: x509.Certificate) -> int:
    """The number of the CRL shard that a certificate points to."""
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    [name] = points[0].full_name or []
    url: str = name.value
    return int(url.rsplit("/", 1)[1].removesuffix(".crl"))
