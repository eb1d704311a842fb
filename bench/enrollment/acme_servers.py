"""The ACME servers that are measured: ours, pebble and acme2certifier; none looks at challenges.

pebble is Debian's package, written in Go: it keeps everything in memory, signs with an RSA key in
software and speaks TLS alone. acme2certifier is written in Python: SQLite and a P-256 key in a
file; it runs under granian with one worker, as ours does.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.enrollment.key_files import write_key_files
from bench.peers.environment import peer_python

ACME2CERTIFIER = Path("requirements/bench-acme2certifier.txt")
# Faster than any client here: rates are measured, not limits.
NO_LIMIT = {"CAMTRUST_SERVE__RATE_LIMIT": "100000000 per minute"}


@dataclass(frozen=True)
class AcmeServer:
    """How a server is started, and what its client has to know."""

    command: list[str | Path]
    directory: str
    environment: Mapping[str, str] = field(default_factory=dict)
    anchor: Path | None = None
    kid: str | None = None
    secret: str | None = None

    @property
    def configuration(self) -> dict[str, str | None]:
        """The client's."""
        return {
            "directory": self.directory,
            "anchor": None if self.anchor is None else str(self.anchor),
            "kid": self.kid,
            "secret": self.secret,
        }


def ours(home: Path, port: int, *, kid: str, secret: str) -> AcmeServer:
    """Camtrust's public listener, one worker, in a home that holds a grant."""
    url = f"http://127.0.0.1:{port}"
    return AcmeServer(
        command=[sys.executable, "-m", "bench.enrollment.unchecked_acme", home, str(port)],
        directory=f"{url}/acme/directory",
        environment={**NO_LIMIT, "CAMTRUST_SERVE__PUBLIC_URL": url},
        kid=kid,
        secret=secret,
    )


def pebble(folder: Path, port: int) -> AcmeServer | None:
    """Pebble, or None where it is not installed."""
    program = shutil.which("pebble")
    if program is None:
        return None
    folder.mkdir()
    certificate, key = write_key_files(folder, authority=False)
    configuration = folder / "pebble.json"
    settings = {
        "listenAddress": f"127.0.0.1:{port}",
        "managementListenAddress": "",
        "certificate": str(certificate),
        "privateKey": str(key),
        "httpPort": 5002,
        "tlsPort": 5001,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
    }
    configuration.write_text(json.dumps({"pebble": settings}))
    return AcmeServer(
        command=[program, "-config", configuration, "-strict=false"],
        directory=f"https://127.0.0.1:{port}/dir",
        # Valid without a look, and without the delays and refusals by which it tries clients.
        environment={
            "PEBBLE_VA_ALWAYS_VALID": "1",
            "PEBBLE_VA_NOSLEEP": "1",
            "PEBBLE_WFE_NONCEREJECT": "0",
            "PEBBLE_AUTHZREUSE": "0",
        },
        anchor=certificate,
    )


def acme2certifier(folder: Path, port: int) -> AcmeServer:
    """acme2certifier with its own authority in a file. Raises PeerNotInstalled."""
    python = peer_python("acme2certifier", requirements=ACME2CERTIFIER)
    folder.mkdir()
    certificate, key = write_key_files(folder, authority=True)
    (folder / "certificates").mkdir()
    configuration = folder / "acme_srv.cfg"
    configuration.write_text(
        "[DEFAULT]\ndebug: False\n"
        f"server_name: 127.0.0.1:{port}\n"
        "[CAhandler]\nhandler_module: acme2certifier.cahandlers.openssl_ca_handler\n"
        f"issuing_ca_key: {key}\nissuing_ca_cert: {certificate}\n"
        # It insists on both names; the list is read when it revokes.
        f"issuing_ca_crl: {folder / 'crl.pem'}\n"
        f"cert_save_path: {folder / 'certificates'}\ncert_validity_days: 90\n"
        f"[DBhandler]\nhandler: wsgi\ndbfile: {folder / 'acme_srv.db'}\n"
        "[Challenge]\nchallenge_validation_disable: True\n"
    )
    return AcmeServer(
        command=[
            *(
                python,
                "-m",
                "granian",
                "--interface",
                "wsgi",
                "--workers",
                "1",
                "--blocking-threads",
                "8",
            ),
            *("--host", "127.0.0.1", "--port", str(port), "--no-ws"),
            "acme2certifier.share.acme2certifier_wsgi:application",
        ],
        directory=f"http://127.0.0.1:{port}/directory",
        environment={
            "ACME_SRV_CONFIGFILE": str(configuration),
            "ACME2CERTIFIER_I_KNOW_THE_RISK": "1",
        },
    )
