"""The Idempotency-Key header at the edge; what it means stands in :mod:`core.idempotency`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import wraps
from hashlib import file_digest, sha256
from typing import Any

from apiflask.exceptions import HTTPError
from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from core.errors import CamtrustError, Malformed, Unavailable
from core.idempotency import (
    ActDone,
    Answer,
    IdempotencyKeyReused,
    IdempotentRequests,
    RequestInProgress,
    Reservation,
)
from core.web.access_control import current_principal
from core.web.forms import UPLOAD

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
OWN_HEADERS = "camtrust-"
KEPT_HEADERS = ("Content-Type", "Location")
# A string of RFC 8941, Section 3.3.3, or the bare token that many clients send.
_KEY = re.compile(r'"([\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255})')


class IdempotencyKeyMalformed(Malformed):
    """An Idempotency-Key is 1 to 255 visible ASCII characters, a UUID for example."""

    problem = "idempotency-key-malformed"
    title = "The Idempotency-Key cannot be read"


REFUSALS: list[type[CamtrustError]] = [
    IdempotencyKeyMalformed,
    IdempotencyKeyReused,
    RequestInProgress,
]


def remember_answers(app: Flask, requests: IdempotentRequests) -> None:
    """Give the app the keeper of keys and answers."""
    app.extensions["camtrust_idempotent_requests"] = requests


def idempotent(view: Callable[..., Any]) -> Callable[..., Any]:
    """Make a route honour Idempotency-Key; it stands directly under ``@requires``.

    The route passes :func:`act_id` to its act, which stores it.
    """

    @wraps(view)
    def once(*args: Any, **kwargs: Any) -> Any:
        keeper: IdempotentRequests = current_app.extensions["camtrust_idempotent_requests"]
        key = request.headers.get(HEADER)
        if key is None:
            g.act_id = keeper.new_act_id()
            return view(*args, **kwargs)
        met = keeper.begin(
            principal=current_principal().id, key=_read(key), request_sha256=_request_sha256()
        )
        if isinstance(met, Answer):
            return _replay(met)
        return _run(keeper, met, lambda: view(*args, **kwargs), _whole)

    vars(once)["idempotent"] = True
    return once


def idempotent_act(request_sha256: Callable[[], bytes]) -> Callable[..., Any]:
    """Make a route honour Idempotency-Key whose answers are too large to be kept here.

    ``request_sha256`` digests what is asked for. The route's act keeps its result under
    :func:`act_id` where :func:`is_repeatable`, and finds it: asked again, the route runs again.
    """

    def make(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def once(*args: Any, **kwargs: Any) -> Any:
            keeper: IdempotentRequests = current_app.extensions["camtrust_idempotent_requests"]
            key = request.headers.get(HEADER)
            g.is_repeatable = key is not None
            if key is None:
                g.act_id = keeper.new_act_id()
                return view(*args, **kwargs)
            digest = _sha256_of(*_asked(), request_sha256())
            met = keeper.begin(
                principal=current_principal().id, key=_read(key), request_sha256=digest
            )
            if isinstance(met, Reservation):
                return _run(keeper, met, lambda: view(*args, **kwargs), _act_alone)
            g.act_id = met.body.decode("ascii")
            response = current_app.make_response(view(*args, **kwargs))
            response.headers[REPLAYED_HEADER] = "true"
            return response

        vars(once)["idempotent"] = True
        return once

    return make


def is_repeatable() -> bool:
    """Tell whether the request has an Idempotency-Key."""
    repeatable: bool = g.is_repeatable
    return repeatable


def act_id() -> str:
    """Return the name of the act that this request asks for: 32 hex digits."""
    name: str = g.act_id
    return name


def _run(
    keeper: IdempotentRequests,
    reservation: Reservation,
    act: Callable[[], Any],
    kept: Callable[[Response], Answer],
) -> Response:
    g.act_id = reservation.act_id
    try:
        response = current_app.make_response(act())
    except Exception as error:
        # Freed, the key of an act that is done would let it be done a second time.
        if _changed_nothing(error) and not reservation.was_run:
            keeper.give_up(reservation)
        else:
            keeper.release(reservation)
        raise
    keeper.finish(reservation, kept(response))
    return response


def _whole(response: Response) -> Answer:
    kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    return Answer(response.status_code, kept, response.get_data())


def _act_alone(response: Response) -> Answer:
    return Answer(response.status_code, {}, act_id().encode("ascii"))


def _changed_nothing(error: Exception) -> bool:
    # A refusal is certain. When a part was away or a fault struck, the act may have been done.
    if isinstance(error, HTTPException | HTTPError):
        return True
    return isinstance(error, CamtrustError) and not isinstance(error, ActDone | Unavailable)


def _replay(answer: Answer) -> Response:
    response = Response(answer.body, status=answer.status, headers=dict(answer.headers))
    response.headers[REPLAYED_HEADER] = "true"
    return response


def _read(header: str) -> str:
    match = _KEY.fullmatch(header)
    if match is None:
        raise IdempotencyKeyMalformed("Send 1 to 255 visible ASCII characters.")
    return match.group(1) or match.group(2)


def _own_headers() -> list[tuple[str, str]]:
    # Headers of our own are part of what is asked for, such as who the certificate is for.
    return sorted(
        (name.lower(), value)
        for name, value in request.headers
        if name.lower().startswith(OWN_HEADERS)
    )


def _content() -> Iterator[bytes]:
    if request.mimetype != UPLOAD:
        yield (request.content_type or "").encode()
        yield request.get_data(cache=True)
        return
    # The borders between the parts are random (RFC 2046, Section 5.1.1): what they enclose counts.
    yield UPLOAD.encode()
    for name, value in sorted(request.form.items(multi=True)):
        yield from (b"field", name.encode(), value.encode())
    for name, file in sorted(request.files.items(multi=True), key=lambda one: one[0]):
        yield from (b"file", name.encode(), file_digest(file.stream, "sha256").digest())  # type: ignore[arg-type]
        file.stream.seek(0)


def _request_sha256() -> bytes:
    return _sha256_of(*_asked(), *_content())


def _asked() -> tuple[bytes, ...]:
    return (
        request.method.encode(),
        request.full_path.encode(),
        *(f"{name}:{value}".encode() for name, value in _own_headers()),
    )


def _sha256_of(*parts: bytes) -> bytes:
    digest = sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()
