"""`openssl ts -reply` as a peer: a process and a key from a file for each token."""

from __future__ import annotations

import subprocess
from pathlib import Path

CONFIGURATION = """
[req]
distinguished_name = name
prompt = no
x509_extensions = unit
[name]
CN = Peer
[unit]
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = peer
[peer]
serial = serial
signer_cert = unit.pem
signer_key = unit.key
default_policy = 1.2.3.4
digests = sha256
signer_digest = sha256
ess_cert_id_alg = sha256
accuracy = secs:1
"""


class OpensslTsa:
    """Openssl's own time-stamping authority, with a P-256 key and certificate of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "openssl"
        self._folder.mkdir()
        (self._folder / "tsa.cnf").write_text(CONFIGURATION)
        (self._folder / "serial").write_text("01\n")
        (self._folder / "data").write_text("a letter of the ministry")
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        files = ("-keyout", "unit.key", "-out", "unit.pem")
        self._run("req", "-x509", *curve, "-nodes", "-config", "tsa.cnf", *files)
        self._run("ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "query")

    def stamp(self) -> None:
        """Make one answer."""
        self._run("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply")

    def _run(self, *arguments: str) -> None:
        subprocess.run(
            ["openssl", *arguments], cwd=self._folder, check=True, capture_output=True, text=True
        )
