"""A founded home with certificates whose answers are signed ahead, and nginx over a folder."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from ca.csr import verify_csr
from ca.plan import CertificateRequest
from camtrust.ahead import AheadWiring
from camtrust.serving.front import render
from camtrust.wiring import Services
from tests.object_store import serve_bucket

bucket = pytest.fixture(serve_bucket)

AUTHORITY = "devices-1"


@dataclass
class Home:
    """A home that issues devices' certificates and signs their answers ahead."""

    services: Services
    ahead: AheadWiring

    def issue(self, name: str) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "request")])
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
        csr = builder.sign(ec.generate_private_key(ec.SECP256R1()), SHA256())
        request = CertificateRequest(
            profile="device",
            csr=verify_csr(csr.public_bytes(Encoding.DER)),
            holder=f"device:{name}",
            facts={
                "organization_name": "Test Ministry",
                "device_serial_number": name,
                "common_name": name,
            },
        )
        return x509.load_der_x509_certificate(self.services.issuance.issue(request).certificate_der)

    def sign_ahead(self) -> None:
        """Bring the store to what the tables say."""
        self.services.responder_renewal.renew(AUTHORITY)
        self.ahead.follower.follow()
        walker = self.ahead.walker()
        walker.divide()
        while walker.walk_one(authorities=[AUTHORITY]):
            pass

    @property
    def issuer(self) -> x509.Certificate:
        return self.services.authorities.authority(AUTHORITY).certificate


@pytest.fixture
def world(initialised_sqlite: Services) -> Home:
    return Home(initialised_sqlite, AheadWiring(initialised_sqlite))


Serve = Callable[..., str]


@pytest.fixture
def serve(require: Callable[[str], str], tmp_path: Path) -> Iterator[Serve]:
    """Serve a folder with nginx and deploy/nginx/published.conf; return the address."""
    nginx = require("nginx")
    with ExitStack() as running:

        def start(
            folder: Path, *, otherwise: str = "=200 /unauthorized.ors", live: str = "127.0.0.1:9"
        ) -> str:
            values = {"folder": str(folder), "otherwise": otherwise, "live": live}
            return running.enter_context(_nginx(nginx, tmp_path, values))

        yield start


@contextmanager
def _nginx(nginx: str, tmp_path: Path, values: dict[str, str]) -> Iterator[str]:
    folder = Path(values["folder"])
    # Its workers run as somebody else, who has to come as far as the folder.
    for parent in (folder, *folder.parents):
        if parent.is_relative_to("/tmp") and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o011)
    # An address of this process's own: tests of another process take ports at the same time.
    host = f"127.77.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
    with socket.create_server((host, 0)) as free:
        port = free.getsockname()[1]
    work = tmp_path / f"nginx-{port}"
    work.mkdir()
    server = render(
        "published.conf",
        {
            "listen": f"{host}:{port}",
            "server_name": "localhost",
            "max_age_seconds": "60",
            **values,
        },
    )
    configuration = work / "nginx.conf"
    around = {"folder": str(work), "server": server, "user": "nobody nogroup"}
    configuration.write_text(render("loopback.conf", around))
    process = subprocess.Popen([nginx, "-p", str(work), "-c", str(configuration)])
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex((host, port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://{host}:{port}"
    finally:
        process.terminate()
        process.wait()
