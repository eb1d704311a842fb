"""Programs that nobody here wrote: pdfsig, pyhanko's command line, qpdf, openssl."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partialmethod
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.cli import cli_root

from camtrust.wiring import Services


@contextmanager
def publishing(services: Services) -> Iterator[str]:
    """A proxy at which the addresses in our certificates answer, whatever host they name."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._send(services.ocsp.answer(body).der, "application/ocsp-response")

        def do_GET(self) -> None:
            _, kind, name, *rest = urlsplit(self.path).path.split("/")
            if kind == "crl":
                crl = services.crls.newest(name, int(rest[0].removesuffix(".crl"))).crl_der
                self._send(crl, "application/pkix-crl")
            else:
                found = services.authorities.authority(name.removesuffix(".cer")).certificate
                self._send(found.public_bytes(Encoding.DER), "application/pkix-cert")

        def _send(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@contextmanager
def through_proxy(proxy: str) -> Iterator[None]:
    """Let pyHanko's fetcher go through a proxy, which by default it does not look for."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("http_proxy", proxy)
        heeding = partialmethod(aiohttp.ClientSession.__init__, trust_env=True)
        patched.setattr(aiohttp.ClientSession, "__init__", heeding)
        yield


@dataclass
class Judges:
    """What others say of a signed document."""

    folder: Path
    root: Path
    nss: Path
    proxy: str
    require: Callable[[str], str]

    def pdfsig(self, pdf: bytes, password: str | None = None) -> str:
        opened = ["-upw", password] if password else []
        program = self.require("pdfsig")
        return self._run(program, "-nssdir", f"sql:{self.nss}", *opened, self._file(pdf))[1]

    def qpdf(self, pdf: bytes, password: str | None = None) -> tuple[int, str]:
        opened = [f"--password={password}"] if password else []
        return self._run(self.require("qpdf"), "--check", *opened, self._file(pdf))

    def adesverify(self, pdf: bytes, *, password: str | None = None) -> tuple[int, str]:
        """`pyhanko sign adesverify`, in this process: starting it costs a second each time."""
        opened = ["--password", password] if password else []
        trusted = ["--trust", str(self.root), "--trust-replace"]
        with through_proxy(self.proxy):
            done = CliRunner().invoke(
                cli_root, ["sign", "adesverify", *trusted, *opened, str(self._file(pdf))]
            )
        return done.exit_code, done.output

    def _file(self, pdf: bytes) -> Path:
        path = self.folder / "judged.pdf"
        path.write_bytes(pdf)
        return path

    def _run(self, *command: str | Path) -> tuple[int, str]:
        done = subprocess.run(
            [str(one) for one in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout.decode(errors="replace")
