"""The witness over HTTP: ``POST /add-checkpoint`` (c2sp.org/tlog-witness) as a WSGI callable."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from core.errors import (
    CamtrustError,
    Conflict,
    Forbidden,
    Malformed,
    NotFound,
    Unacceptable,
    Unavailable,
)
from core.transparency.notes import MAX_NOTE_OCTETS
from core.transparency.proof import MAX_PATH
from core.transparency.witness import AddCheckpoint, OtherHistory, Witness

# The old size, 63 hashes in base64 with their newlines, and a note.
MAX_BODY_OCTETS = 32 + MAX_PATH * 45 + MAX_NOTE_OCTETS
# tlog-witness, add-checkpoint: each refusal has its number.
_STATUS = {
    Malformed: HTTPStatus.BAD_REQUEST,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Unacceptable: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
_TEXT = "text/plain; charset=utf-8"

Answer = tuple[HTTPStatus, str, str]


def witness_application(
    witness: Witness,
) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    """Return the WSGI callable of a witness."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, content_type, text = _answer(witness, environ)
        body = text.encode()
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    return application


def _answer(witness: Witness, environ: WSGIEnvironment) -> Answer:
    if environ.get("PATH_INFO") != "/add-checkpoint":
        return HTTPStatus.NOT_FOUND, _TEXT, "There is only /add-checkpoint.\n"
    if environ["REQUEST_METHOD"] != "POST":
        return HTTPStatus.METHOD_NOT_ALLOWED, _TEXT, "Use POST.\n"
    body = _body(environ)
    if body is None:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TEXT, "The body is too long.\n"
    try:
        return HTTPStatus.OK, _TEXT, witness.add_checkpoint(AddCheckpoint.parse(body))
    except OtherHistory as refusal:
        # A client learns from this where to begin its proof.
        return HTTPStatus.CONFLICT, "text/x.tlog.size", f"{refusal.data['size']}\n"
    except CamtrustError as refusal:
        return _status_of(refusal), _TEXT, f"{refusal.detail}\n"


def _body(environ: WSGIEnvironment) -> bytes | None:
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isascii() or not length.isdigit() or len(length) > 9:
        return None
    if int(length) > MAX_BODY_OCTETS:
        return None
    stream: Any = environ["wsgi.input"]
    body: bytes = stream.read(int(length))
    return body


def _status_of(refusal: CamtrustError) -> HTTPStatus:
    return next(
        (status for category, status in _STATUS.items() if isinstance(refusal, category)),
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )
