"""A CMP server on loopback, and `openssl cmp` as its client."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from werkzeug.serving import make_server

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.clock import SystemClock
from core.database import Database
from enrollment.grants.grant import Grant, GrantProtocol
from enrollment.grants.secrets import as_text
from tests.enrollment.acme.dns_server import free_port
from tests.enrollment.grants.world import active_grant
from tests.enrollment.world import World

PATH = ".well-known/cmp"


@dataclass
class Served:
    """A running server, and the client's folder."""

    world: World
    port: int
    folder: Path
    openssl: str

    def grant(self, **changes: object) -> Grant:
        return active_grant(
            self.world, **({"protocol": GrantProtocol.CMP, "profile": "tls-server"} | changes)
        )

    def secret(self, grant: Grant) -> str:
        return as_text(self.world.grant_secrets.secret_of(grant.id, "cmp-mac"))

    def anchor(self) -> Path:
        """The root's certificate, as a file."""
        path = self.folder / "root.pem"
        root = self.world.hierarchy.issuers["root"].certificate
        path.write_bytes(root.public_bytes(Encoding.PEM))
        return path

    def key(self, name: str, kind: str = "EC") -> Path:
        """A new private key, made by openssl."""
        path = self.folder / f"{name}.key"
        options = {
            "EC": ("-pkeyopt", "ec_paramgen_curve:P-256"),
            "RSA": ("-pkeyopt", "rsa_keygen_bits:3072"),
        }.get(kind, ())
        self.run("genpkey", "-algorithm", kind, *options, "-out", str(path))
        return path

    def by_mac(self, grant: Grant, secret: str | None = None) -> tuple[str, ...]:
        return (
            *("-ref", grant.id, "-secret", f"pass:{secret or self.secret(grant)}"),
            *("-mac", "hmacWithSHA256"),
        )

    def by_signature(self, name: str) -> tuple[str, ...]:
        """With the certificate and key that an earlier request left under a name."""
        return (
            *("-cert", str(self.folder / f"{name}.pem"), "-key", str(self.folder / f"{name}.key")),
            *("-untrusted", str(self.folder / f"{name}.chain.pem")),
            *("-trusted", str(self.anchor())),
        )

    def cmp(self, command: str, *arguments: str, path: str = PATH, ok: bool = True) -> str:
        """Run `openssl cmp`; return what it said."""
        return self.run(
            *("cmp", "-config", "", "-server", f"127.0.0.1:{self.port}", "-path", path),
            *("-cmd", command, *arguments),
            ok=ok,
        )

    def request(
        self, command: str, name: str, *arguments: str, path: str = PATH
    ) -> x509.Certificate:
        """Ask for a certificate, have `openssl verify` check it, and return it."""
        certificate, chain = self.folder / f"{name}.pem", self.folder / f"{name}.chain.pem"
        self.cmp(
            *(command, "-certout", str(certificate), "-chainout", str(chain)),
            *arguments,
            path=path,
        )
        told = self.run(
            *("verify", "-x509_strict", "-CAfile", str(self.anchor())),
            *("-untrusted", str(chain), str(certificate)),
        )
        assert told.endswith(": OK\n")
        return x509.load_pem_x509_certificate(certificate.read_bytes())

    def standing(self, certificate: x509.Certificate) -> tuple[str, str | None]:
        """A certificate's standing and the reason for it."""
        [held] = self.world.register.find(certificate.serial_number)
        return held.standing, held.reason

    def run(self, *arguments: str, ok: bool = True) -> str:
        done = subprocess.run(
            [self.openssl, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        )
        said = done.stdout + done.stderr
        assert (done.returncode == 0) == ok, said
        return said


@contextmanager
def serving(database: Database, folder: Path, openssl: str) -> Iterator[Served]:
    """Serve CMP at a loopback port."""
    port = free_port()
    world = World(database, folder, SystemClock(), public_url=f"http://127.0.0.1:{port}")
    app = create_app(world.parts(), Listener.PUBLIC)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Served(world, port, folder, openssl)
    finally:
        server.shutdown()
        thread.join(10)
