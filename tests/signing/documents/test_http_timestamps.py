"""Time-stamps from another authority over HTTP: openssl's, and what is none."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from core.errors import CamtrustError
from signing.documents.http_timestamps import AuthorityAway, HttpTimestamps
from signing.documents.levels import Level
from signing.documents.options import SigningOptions
from signing.documents.settings import DocumentSettings
from signing.documents.signing import DocumentSigning
from tests.signing.documents.judges import Judges
from tests.signing.documents.pdfs import one_page
from tests.signing.documents.world import World


@contextmanager
def serving(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/timestamp-query"
            body = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def engine(world: World, url: str) -> DocumentSigning:
    return DocumentSigning(
        timestamps=HttpTimestamps(url),
        statuses=world.services.documents.statuses,
        settings=DocumentSettings(),
        clock=world.services.clock,
    )


def test_an_archive_by_openssls_time_stamps_is_valid(world: World, judges: Judges) -> None:
    target = io.BytesIO()
    with serving(world.openssl.answer) as url:
        engine(world, url).sign(
            io.BytesIO(one_page()), target, world.seal, SigningOptions(level=Level.B_LTA)
        )
    code, said = judges.adesverify(target.getvalue())
    assert code == 0, said


def test_what_is_no_time_stamp_of_this_request_is_refused(world: World) -> None:
    def of_another(query: bytes) -> bytes:
        return kept[0] if kept else (kept.append(world.openssl.answer(query)) or kept[0])

    kept: list[bytes] = []
    for answer in (lambda _: b"", lambda _: b"<html>", lambda _: bytes(100_000), of_another):
        with serving(answer) as url:
            signing = engine(world, url)
            if answer is of_another:
                signing.timestamps.stamp(bytes(32), "sha256")
            with pytest.raises(CamtrustError) as refusal:
                signing.timestamps.stamp(bytes(32), "sha256")
        assert refusal.value.problem == "timestamp-unavailable"
    with pytest.raises(CamtrustError) as refusal:
        engine(world, url).timestamps.stamp(bytes(32), "sha256")
    assert refusal.value.problem == "timestamp-unavailable"


def test_an_authority_sends_nobody_elsewhere(world: World) -> None:
    class Redirecting(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(302)
            self.send_header("Location", elsewhere)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    asked: list[bytes] = []
    with serving(lambda query: asked.append(query) or world.openssl.answer(query)) as elsewhere:
        server = HTTPServer(("127.0.0.1", 0), Redirecting)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(AuthorityAway):
            HttpTimestamps(f"http://127.0.0.1:{server.server_port}").timestamp(bytes(32), "sha256")
        server.shutdown()
        server.server_close()
    assert asked == []
