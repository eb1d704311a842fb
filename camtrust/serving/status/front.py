"""A WSGI callable before Flask: ``/ocsp`` by GET and POST, as fast as Python answers.

RFC 6960, Appendix A, with the caching of RFC 9919. A request that is known at a glance gets the
answer that was signed ahead; every other one goes to the live pool. All other paths go on to the
application behind.
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Callable, Iterable
from time import time
from typing import Any

import structlog

from camtrust.listeners import WsgiApp
from camtrust.serving.status.caching import (
    CONTENT_TYPE,
    NOT_KEPT,
    Caching,
    Header,
    etag_of,
    has_current,
)
from camtrust.serving.status.counts import Counts
from camtrust.serving.status.freshness import Freshness
from camtrust.serving.status.live import LivePool, could_not
from camtrust.serving.status.octets import decode_path, is_request_type, read_body
from core.errors import CamtrustError
from ocsp.media_types import REQUEST_TYPE
from ocsp.responder import StatusAnswer
from ocsp.response import ResponseStatus, encode_error
from ocsp.stored.answers import StoredAnswer, StoredAnswers

PATH = "/ocsp"
_GET_PATH = PATH + "/"
_BEHIND = len(_GET_PATH)
_OK, _NOT_MODIFIED = "200 OK", "304 Not Modified"
# Live answers repeat what a stranger sent: no browser shall take it for a page.
_NOT_SNIFFED: Header = ("X-Content-Type-Options", "nosniff")
_ERRORS = {status: encode_error(status) for status in ResponseStatus if status.value}

StartResponse = Callable[..., Any]
Environ = dict[str, Any]


class StatusFront:
    """Answers ``/ocsp``, and lets ``behind`` answer everything else; safe in many threads."""

    def __init__(
        self,
        *,
        behind: WsgiApp,
        stored: StoredAnswers,
        live: LivePool,
        freshness: Freshness,
        caching: Caching,
        largest_request_octets: int,
        now: Callable[[], float] = time,
    ) -> None:
        self.counts = Counts()
        self._behind = behind
        self._stored = stored
        self._live = live
        self._freshness = freshness
        self._caching = caching
        self._largest = largest_request_octets
        self._now = now
        self._look_at = float("-inf")
        self._events = structlog.get_logger("ocsp")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a WSGI request (PEP 3333)."""
        path: str = environ["PATH_INFO"]
        if not path.startswith(PATH) or path[len(PATH) : _BEHIND] not in ("", "/"):
            return self._behind(environ, start_response)
        try:
            body = self._answer(environ, path, start_response)
            # RFC 9110, Section 9.3.2: the fields of a GET, and no content.
            return body if environ["REQUEST_METHOD"] != "HEAD" else []
        except Exception:
            # RFC 6960, Section 2.3: internalError is an answer too.
            self._events.exception("status-front-failed")
            self.counts.fault += 1
            return _send_error(ResponseStatus.INTERNAL_ERROR, start_response)

    def _answer(self, environ: Environ, path: str, start_response: StartResponse) -> list[bytes]:
        method = environ["REQUEST_METHOD"]
        if method == "POST" and len(path) <= _BEHIND:
            if environ.get("CONTENT_TYPE") != REQUEST_TYPE and not is_request_type(
                environ.get("CONTENT_TYPE")
            ):
                return _refuse(
                    "415 Unsupported Media Type", ("Accept", REQUEST_TYPE), start_response
                )
            octets = read_body(environ, self._largest)
            if_none_match = None
        elif method in ("GET", "HEAD") and len(path) > _BEHIND:
            octets = self._octets_of(path[_BEHIND:])
            if_none_match = environ.get("HTTP_IF_NONE_MATCH")
        else:
            allowed = "GET, HEAD" if len(path) > _BEHIND else "POST"
            return _refuse("405 Method Not Allowed", ("Allow", allowed), start_response)
        now = self._now()
        # A clock that was put back would otherwise see no look until it caught up.
        if not 0 < self._look_at - now <= 1:
            self._look(now)
        if self._freshness.is_fresh:
            found = self._find(octets)
            if found is not None:
                return self._send_stored(found, if_none_match, now, start_response)
        return self._answer_live(octets, if_none_match, now, start_response)

    def _octets_of(self, encoded: str) -> bytes:
        # The octet 0x30, with which a request begins, is an M in base64.
        if encoded[0] == "M":
            try:
                return a2b_base64(encoded, strict_mode=True)
            except ValueError:
                pass
        return decode_path(encoded, self._largest)

    def _look(self, now: float) -> None:
        # Before the look, so that a slow one holds up this thread alone.
        self._look_at = int(now) + 1
        self._freshness.look(now)
        self.counts.hand_on()

    def _find(self, octets: bytes) -> StoredAnswer | None:
        try:
            return self._stored.find(octets)
        except CamtrustError as error:
            # Nothing is looked for in a store that is away until the next look finds it back.
            self._freshness.is_fresh = False
            self._events.warning("stored-answers-away", problem=error.problem)
            return None

    def _send_stored(
        self,
        found: StoredAnswer,
        if_none_match: str | None,
        now: float,
        start_response: StartResponse,
    ) -> list[bytes]:
        der, this_update, next_update = found
        etag = etag_of(der)
        fields = self._caching.fields(der, etag, (this_update, next_update), now)
        if if_none_match is not None and has_current(if_none_match, etag):
            self.counts.not_modified += 1
            return _send_not_modified(fields, start_response)
        self.counts.stored += 1
        start_response(_OK, fields)
        return [der]

    def _answer_live(
        self,
        octets: bytes,
        if_none_match: str | None,
        now: float,
        start_response: StartResponse,
    ) -> list[bytes]:
        answer = self._live.answer(octets)
        if could_not(answer):
            found = self._live.stored_instead(octets)
            if found is not None:
                self.counts.budget += 1
                times = (found.this_update, found.next_update)
                start_response(_OK, self._caching.private_fields(found.der, times, now))
                return [found.der]
        if answer is None:
            self.counts.refused += 1
            return _send_error(ResponseStatus.TRY_LATER, start_response)
        self.counts.live += 1
        fields = self._fields_of(answer, now)
        if answer.is_public and _is_kept_by(if_none_match, answer.der):
            return _send_not_modified(fields, start_response)
        start_response(_OK, [*fields, _NOT_SNIFFED])
        return [answer.der]

    def _fields_of(self, answer: StatusAnswer, now: float) -> list[Header]:
        if answer.next_update is None or answer.keep_for is None:
            return _fields_not_kept(answer.der)
        times = (int(answer.this_update.timestamp()), int(answer.next_update.timestamp()))
        if answer.is_public:
            return self._caching.fields(answer.der, etag_of(answer.der), times, now)
        return self._caching.private_fields(answer.der, times, now)


def _is_kept_by(if_none_match: str | None, der: bytes) -> bool:
    return if_none_match is not None and has_current(if_none_match, etag_of(der))


def _send_not_modified(fields: list[Header], start_response: StartResponse) -> list[bytes]:
    # RFC 9110, Section 15.4.5: what a cache updates its own with, and nothing of the content.
    start_response(_NOT_MODIFIED, fields[2:])
    return []


def _send_error(status: ResponseStatus, start_response: StartResponse) -> list[bytes]:
    # RFC 6960, Appendix A.2: OCSP's own errors are answers too, with status 200.
    der = _ERRORS[status]
    start_response(_OK, _fields_not_kept(der))
    return [der]


def _fields_not_kept(der: bytes) -> list[Header]:
    return [CONTENT_TYPE, ("Content-Length", str(len(der))), NOT_KEPT]


def _refuse(status: str, why: Header, start_response: StartResponse) -> list[bytes]:
    start_response(status, [why, NOT_KEPT, ("Content-Length", "0")])
    return []
