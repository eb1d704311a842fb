"""An ACME server on loopback, with a DNS and a network of its own, for others' clients."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from werkzeug.serving import make_server

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.clock import SystemClock
from core.database import Database
from enrollment.acme.settings import AcmeSettings
from enrollment.acme.validation.settings import ValidationSettings
from enrollment.grants.grant import Grant
from enrollment.grants.secrets import as_text
from tests.enrollment.acme.dns_server import DnsServer, free_port
from tests.enrollment.world import World

IDENTITY = "pki.example"


@dataclass
class Served:
    """A running server: what a client's command line needs."""

    world: World
    dns: DnsServer
    http_port: int
    folder: Path

    @property
    def directory(self) -> str:
        return f"{self.world.public_url}/acme/directory"

    def hmac_key(self, grant: Grant) -> str:
        return as_text(self.world.grant_secrets.secret_of(grant.id, "acme-eab"))

    def anchor(self) -> Path:
        """The root's certificate, as a file."""
        path = self.folder / "root.pem"
        root = self.world.hierarchy.issuers["root"].certificate
        path.write_bytes(root.public_bytes(Encoding.PEM))
        return path


@contextmanager
def serving(database: Database, folder: Path) -> Iterator[Served]:
    """Serve ACME at a loopback port; names are those that the test tells ``dns``."""
    port, http_port = free_port(), free_port()
    with DnsServer() as dns:
        settings = AcmeSettings(
            validation=ValidationSettings(
                caa_identities=(IDENTITY,),
                resolvers=(dns.resolver,),
                http_port=http_port,
                allowed_networks=("127.0.0.1/32",),  # type: ignore[arg-type]
                timeout_seconds=5,
            )
        )
        world = World(
            database,
            folder,
            SystemClock(),
            public_url=f"http://127.0.0.1:{port}",
            acme_settings=settings,
        )
        app = create_app(world.parts(), Listener.PUBLIC)
        server = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield Served(world, dns, http_port, folder)
        finally:
            server.shutdown()
            thread.join(10)
