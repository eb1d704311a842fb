"""A founded home that issues, revokes and publishes, with its status routes on loopback."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Flask
from werkzeug.serving import make_server

from ca.csr import verify_csr
from ca.plan import CertificateRequest, FactValue
from ca.revocation.reasons import RevocationReason
from camtrust.serving.status.mounting import status_front
from camtrust.web_parts import publication
from camtrust.wiring import Services
from core.errors import NotFound
from hsm.softhsm import provision

# For each issuing authority one of its profiles, and what a decision would have established.
# The people and organizations here are made up.
SUBSCRIBERS: dict[str, tuple[str, dict[str, FactValue]]] = {
    "people-1": (
        "person-authentication",
        {"surname": "TEST", "given_name": "Person", "identifier": "IDCKH-000000001"},
    ),
    "organizations-1": (
        "organization-seal",
        {
            "organization_name": "Example Ministry",
            "organization_identifier": "NTRKH-00000001",
            "common_name": "Example Ministry",
        },
    ),
    "devices-1": (
        "device",
        {"organization_name": "Example", "device_serial_number": "1", "common_name": "device-1"},
    ),
    "programs-1": ("service-client", {"organization_name": "Example", "common_name": "client-1"}),
    "camdx-1": (
        "xroad-signing",
        {"organization_name": "Example", "member_class": "GOV", "member_code": "EXAMPLE1"},
    ),
    "health-1": ("health-dsc", {"organization_name": "Example", "common_name": "DSC 1"}),
}


class Template(Protocol):
    """A founded home to copy (tests/conftest.py)."""

    @property
    def home(self) -> Path: ...


@dataclass
class Status:
    """Two certificates of each authority, one of them revoked, and files for programs."""

    services: Services
    folder: Path
    url: str

    def subscriber(self, authority: str, name: str) -> x509.Certificate:
        """Issue a certificate and leave it as PEM and DER files."""
        profile, facts = SUBSCRIBERS[authority]
        request = CertificateRequest(
            profile=profile,
            csr=verify_csr(_csr(authority)),
            holder=f"test:{authority}-{name}",
            facts=facts,
            authority=authority,
        )
        der = self.services.issuance.issue(request).certificate_der
        certificate = x509.load_der_x509_certificate(der)
        self.write(f"{authority}-{name}", certificate)
        return certificate

    def write(self, name: str, certificate: x509.Certificate) -> None:
        (self.folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        (self.folder / f"{name}.der").write_bytes(certificate.public_bytes(Encoding.DER))

    def write_crl(self, name: str, der: bytes) -> Path:
        """Leave a CRL as PEM and DER; return the PEM's path."""
        (self.folder / f"{name}.crl.der").write_bytes(der)
        path = self.folder / f"{name}.crl.pem"
        path.write_bytes(x509.load_der_x509_crl(der).public_bytes(Encoding.PEM))
        return path

    def shard_of(self, certificate: x509.Certificate, authority: str) -> int:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        [name] = points[0].full_name or []
        url: str = name.value
        assert f"/crl/{authority}/" in url
        return int(url.rsplit("/", 1)[1].removesuffix(".crl"))


def founded_copy(template: Template, home: Path) -> Path:
    """Copy a founded home; its settings are those by default."""
    shutil.copytree(template.home, home)
    (home / "camtrust.toml").unlink()
    provision(home)  # Its configuration names the folder that the tokens are in now.
    return home


@pytest.fixture(scope="module")
def status(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Status]:
    home = founded_copy(sqlite_template, tmp_path_factory.mktemp("interop") / "home")
    services = Services(home=home)
    folder = home.parent / "files"
    folder.mkdir()
    app = Flask(__name__)
    app.register_error_handler(NotFound, lambda _error: ("", 404))
    app.register_blueprint(publication(services))
    served = status_front(app, services)
    server = make_server("127.0.0.1", 0, served, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    status = Status(services, folder, f"http://127.0.0.1:{server.port}")
    for authority in services.authorities.all():
        status.write(authority.name, authority.certificate)
    yield status
    server.shutdown()
    thread.join()
    server.server_close()
    services.close()


@pytest.fixture(scope="module")
def published(status: Status) -> Status:
    """Each authority with ``good``, ``revoked`` and ``held``, its CRLs and a delta."""
    services = status.services
    for authority in SUBSCRIBERS:
        status.subscriber(authority, "good")
        revoked = status.subscriber(authority, "revoked")
        held = status.subscriber(authority, "held")
        services.revocation.revoke(
            serial_number=revoked.serial_number, reason=RevocationReason.KEY_COMPROMISE
        )
        services.revocation.hold(serial_number=held.serial_number)
    # Its first CRLs are younger than the fifty minutes after which a change makes them due.
    for authority in SUBSCRIBERS:
        shards = {}
        for name in ("good", "revoked", "held"):
            der = (status.folder / f"{authority}-{name}.der").read_bytes()
            shards[name] = status.shard_of(x509.load_der_x509_certificate(der), authority)
        # Once for each shard: a delta is upon the newest list, which the file has to be.
        issued = {shard: services.crls.issue(authority, shard) for shard in set(shards.values())}
        for name, shard in shards.items():
            status.write_crl(f"{authority}-{name}", issued[shard].crl_der)
    status.write_crl("root-1", services.crls.newest("root-1", 0).crl_der)
    return status


def _csr(authority: str) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "request")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    if authority == "camdx-1":
        return builder.sign(rsa.generate_private_key(65537, 3072), SHA256()).public_bytes(
            Encoding.DER
        )
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), SHA256()).public_bytes(
        Encoding.DER
    )
