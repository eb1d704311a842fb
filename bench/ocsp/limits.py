"""Servers that do nothing: nginx with a static file, and bare callables under granian."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from granian.constants import Interfaces
from granian.server import Server as Granian

from bench.ocsp.load import program
from bench.ocsp.nginx import FILES_AS_DEBIAN, static_configuration
from ocsp.media_types import RESPONSE_TYPE

# As long as an answer of a P-256 responder.
BODY = bytes(790)
_TWO = [("Content-Type", RESPONSE_TYPE), ("Content-Length", str(len(BODY)))]
# What RFC 9919, Section 7.2, has a server say to a GET.
_SIX = [
    *_TWO,
    ("Cache-Control", "max-age=60, public, no-transform, must-revalidate"),
    ("ETag", '"' + "0" * 64 + '"'),
    ("Expires", "Mon, 23 Nov 2026 16:00:00 GMT"),
    ("Last-Modified", "Mon, 23 Nov 2026 08:00:00 GMT"),
]
_TARGETS = {2: "bench.ocsp.limits:two_headers", 6: "bench.ocsp.limits:six_headers"}

StartResponse = Callable[[str, list[tuple[str, str]]], object]


def two_headers(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer, as a WSGI application that has nothing to do."""
    start_response("200 OK", _TWO)
    return [BODY]


def six_headers(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """The same with all headers of a status answer, as constants."""
    start_response("200 OK", _SIX)
    return [BODY]


def callable_command(port: int, *, headers: int, threads: int) -> list[str]:
    """Return the command of a bare callable, in one worker, as ``camtrust serve`` has it."""
    return [sys.executable, "-m", "bench.ocsp.limits", str(port), str(headers), str(threads)]


def static_command(
    folder: Path, port: int, names: Iterable[str], *, files: str = FILES_AS_DEBIAN
) -> list[str]:
    """Return the command of nginx that serves a file of the same size under each name."""
    answers = folder / "ocsp"
    answers.mkdir(parents=True)
    for name in names:
        (answers / name).write_bytes(BODY)
    configuration = folder / "nginx.conf"
    configuration.write_text(static_configuration(folder, port, files=files))
    return [program("nginx", "nginx-light"), "-p", str(folder), "-c", str(configuration)]


def _main() -> None:
    port, headers, threads = map(int, sys.argv[1:])
    Granian(
        _TARGETS[headers],
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=threads,
        websockets=False,
        log_access=False,
    ).serve()


if __name__ == "__main__":
    _main()
