"""A home that signs, its service for those who ask over HTTP, and what its peers are given."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from cryptography.hazmat.primitives.serialization import Encoding

from camtrust.development_seal import SEAL
from camtrust.founding import found
from camtrust.wiring import Services
from hsm.settings import SEALS_TOKEN
from hsm.softhsm import CONFIGURATION_FILE, PINS_FOLDER, module_path

_START_SECONDS = 120
_STOP_SECONDS = 30


class HomeNotMade(click.ClickException):
    """A home could not be made or served; the message has what was said."""


@dataclass(frozen=True)
class SigningHome:
    """A founded home with a running service, and the seal as another program opens it."""

    folder: Path
    url: str
    key_id: str

    @property
    def seal(self) -> Path:
        """The seal's certificate in PEM."""
        return self.folder / "seal.pem"

    @property
    def issuer(self) -> Path:
        """Its issuer's."""
        return self.folder / "issuer.pem"

    @property
    def root(self) -> Path:
        """The anchor's."""
        return self.folder / "root.pem"

    @property
    def pin_file(self) -> Path:
        """The PIN of the token of seals."""
        return self.folder / PINS_FOLDER / SEALS_TOKEN

    @property
    def environment(self) -> dict[str, str]:
        """What SoftHSM needs."""
        return {"SOFTHSM2_CONF": str(self.folder / CONFIGURATION_FILE)}

    @property
    def token(self) -> dict[str, str]:
        """The token of seals, as python-pkcs11 opens it."""
        return {
            "module": module_path(),
            "token": SEALS_TOKEN,
            "pin_file": str(self.pin_file),
            "label": SEAL,
        }


@contextmanager
def served_home(folder: Path) -> Iterator[SigningHome]:
    """Make a home and serve it: its certificates name where it is. Raises HomeNotMade."""
    folder.mkdir(parents=True)
    port = _free_port()
    url = f"http://localhost:{port}"
    (folder / "camtrust.toml").write_text(
        f'[ca]\npublication_url = "{url}"\n\n'
        f'[serve]\npublic_url = "{url}"\nrate_limit = "1000000 per minute"\n'
    )
    # In a process of its own: one process initialises one SoftHSM.
    done = subprocess.run(
        [sys.executable, "-m", "bench.signing.homes", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        raise HomeNotMade(f"{folder}: {done.stderr.strip()[-1000:]}")
    key_id = json.loads(done.stdout.splitlines()[-1])["key_id"]
    with _service(folder, port, url):
        yield SigningHome(folder, url, key_id)


@contextmanager
def _service(folder: Path, port: int, url: str) -> Iterator[None]:
    command = [sys.executable, "-c", "from camtrust.cli import main; main()", "serve"]
    with (folder / "service.log").open("wb") as log:
        service = subprocess.Popen(
            [*command, "--port", str(port), "--home", str(folder)],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ},
        )
    try:
        _wait(service, url)
        yield
    finally:
        service.send_signal(signal.SIGTERM)
        try:
            service.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            service.kill()
            service.wait()


def _wait(service: subprocess.Popen[bytes], url: str) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and service.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5):  # noqa: S310
                return
        except OSError:
            time.sleep(0.25)
    raise HomeNotMade("the service did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _main() -> None:
    services = Services(home=Path(sys.argv[1]))
    for line in found(services):
        print(line)
    signer = services.documents.signers.signer(SEAL)
    chain = [signer.certificate, *signer.chain]
    for name, certificate in zip(("seal", "issuer", "root"), chain, strict=True):
        (services.home / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    print(json.dumps({"key_id": signer.key.key_id.hex()}))
    services.close()


if __name__ == "__main__":
    _main()
