"""Refusals as RFC 9457 problem details: the one place where HTTP numbers stand.

``type`` is ``{public_url}/problems/{slug}``, and that page exists (core.web.problem_pages).
Nothing unforeseen is told to a client: it is a 500 with the request id, logged once.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from apiflask.exceptions import HTTPError
from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from core.errors import (
    CamtrustError,
    Conflict,
    Forbidden,
    Malformed,
    NotFound,
    TooMany,
    Unacceptable,
    Unauthenticated,
    Unavailable,
)

MEDIA_TYPE = "application/problem+json"
# RFC 9457, Section 3.1, and what camtrust adds to every problem: data never overrides these.
OWN_MEMBERS = frozenset({"type", "title", "status", "detail", "instance", "kept", "request_id"})
# What a client waits before it asks again when a part of the service is away.
UNAVAILABLE_RETRY_SECONDS = 5
# RFC 9110, Section 15.5.2: a 401 names a scheme; a certificate in TLS has none registered.
CHALLENGE = 'TLS-Client-Certificate realm="camtrust officers"'
_PAGES = "camtrust_problem_pages"


class MethodNotAllowed(Malformed):
    """The path exists, but not with this method; ``Allow`` names those it has."""

    problem = "method-not-allowed"
    title = "This method is not offered here"


class NotAcceptable(Malformed):
    """None of the media types in ``Accept`` is offered here."""

    problem = "not-acceptable"
    title = "None of the accepted media types is offered"


class ContentTooLarge(Malformed):
    """The body is larger than anything this service has to read."""

    problem = "content-too-large"
    title = "The body is too large"


class UnsupportedMediaType(Malformed):
    """The body's Content-Type is none that this path reads."""

    problem = "unsupported-media-type"
    title = "This Content-Type is not read here"


class InvalidFields(Unacceptable):
    """The body or the query was read, but fields in it are missing, unknown or wrong.

    ``errors`` names each place and what is wrong with it; it never repeats the value.
    """

    problem = "invalid-fields"
    title = "Some fields are not valid"


class NoSuchPath(NotFound):
    """Nothing is served under this path."""

    problem = "no-such-path"
    title = "Nothing is served here"


class RateLimited(TooMany):
    """More requests came from one caller than the service allows; ``Retry-After`` says when."""

    problem = "rate-limited"
    title = "Too many requests in a short time"


class InternalError(CamtrustError):
    """A fault of ours. It was logged under the request id; report that id."""

    problem = "internal-error"
    title = "Something went wrong on our side"


# The first class that an error is an instance of decides.
STATUSES: tuple[tuple[type[CamtrustError], int], ...] = (
    (MethodNotAllowed, 405),
    (NotAcceptable, 406),
    (ContentTooLarge, 413),
    (UnsupportedMediaType, 415),
    (Malformed, 400),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Unacceptable, 422),
    (TooMany, 429),
    (Unavailable, 503),
    (CamtrustError, 500),
)

_BY_STATUS: dict[int, type[CamtrustError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NoSuchPath,
    405: MethodNotAllowed,
    406: NotAcceptable,
    409: Conflict,
    413: ContentTooLarge,
    415: UnsupportedMediaType,
    422: InvalidFields,
    429: RateLimited,
    503: Unavailable,
}


def status_of(error: CamtrustError | type[CamtrustError]) -> int:
    """Return the HTTP status of an error or of a class of errors."""
    kind = error if isinstance(error, type) else type(error)
    return next(status for category, status in STATUSES if issubclass(kind, category))


def type_uri(public_url: str, problem: str) -> str:
    """Return the stable ``type`` of a problem."""
    return f"{public_url.rstrip('/')}/problems/{problem}"


def problem_response(error: CamtrustError) -> Response:
    """Return the problem document of ``error`` with its status and headers."""
    status = status_of(error)
    body: dict[str, Any] = {
        key: _plain(value) for key, value in error.data.items() if key not in OWN_MEMBERS
    }
    body |= {
        "type": type_uri(current_app.config["PUBLIC_URL"], error.problem),
        "title": error.title,
        "status": status,
        "detail": error.detail,
        "request_id": g.get("request_id"),
    }
    if error.kept is not None:
        body["kept"] = error.kept
    g.problem = error.problem
    if render := _page():
        response = Response(render(error, status), status=status, mimetype="text/html")
    else:
        text = json.dumps(body, ensure_ascii=False)
        response = Response(text, status=status, content_type=MEDIA_TYPE)
    _add_headers(response, error, status)
    return response


def show_problems_as_pages(
    app: Flask, prefix: str, render: Callable[[CamtrustError, int], str]
) -> None:
    """Answer refusals of paths under ``prefix`` with a page for people, made by ``render``.

    Of several prefixes of one path the longest counts.
    """
    app.extensions.setdefault(_PAGES, {})[prefix] = render


def _page() -> Callable[[CamtrustError, int], str] | None:
    pages: dict[str, Callable[[CamtrustError, int], str]] = current_app.extensions.get(_PAGES, {})
    fitting = [prefix for prefix in pages if request.path.startswith(prefix)]
    return pages[max(fitting, key=len)] if fitting else None


def answer_with_problems(app: Flask) -> None:
    """Make every refusal of ``app``, foreseen or not, a problem document."""
    app.register_error_handler(CamtrustError, problem_response)
    app.register_error_handler(HTTPError, _from_apiflask)
    app.register_error_handler(HTTPException, _from_werkzeug)
    app.register_error_handler(Exception, _from_fault)


def _add_headers(response: Response, error: CamtrustError, status: int) -> None:
    retry_after = error.data.get("retry_after_seconds")
    if retry_after is None and status == 503:
        retry_after = UNAVAILABLE_RETRY_SECONDS
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    if challenge := _challenge(error, status):
        response.headers["WWW-Authenticate"] = challenge
    if status == 405 and isinstance(allow := error.data.get("allow"), list):
        response.headers["Allow"] = ", ".join(allow)


def _challenge(error: CamtrustError, status: int) -> str | None:
    # RFC 6750, Section 3: also a refusal for want of a scope says which one it wants.
    own: str | None = getattr(error, "challenge", None)
    if own is not None:
        return own
    return current_app.config.get("CHALLENGE", CHALLENGE) if status == 401 else None


def _plain(value: object) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    return str(value)


def _from_apiflask(error: HTTPError) -> Response:
    if error.status_code == 422 and isinstance(error.detail, dict):
        return problem_response(
            InvalidFields("Some fields are missing or not valid.", errors=error.detail)
        )
    return problem_response(_refusal(error.status_code, error.message))


def _from_werkzeug(error: HTTPException) -> Response:
    if error.code is not None and error.code < 400:  # a redirect is an answer, not a refusal
        return Response(
            status=error.code, headers={"Location": error.get_response().headers["Location"]}
        )
    refusal = _refusal(error.code or 500, _sentence(error.code))
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        refusal.data["allow"] = sorted(allowed)
    return problem_response(refusal)


def _from_fault(error: Exception) -> Response:
    structlog.get_logger().error("internal-error", exc_info=error)
    return problem_response(
        InternalError("The request could not be completed. Please report the request id.")
    )


def _refusal(status: int, sentence: str | None) -> CamtrustError:
    if status >= 500 and status != 503:
        return InternalError("The request could not be completed. Please report the request id.")
    return _BY_STATUS.get(status, Malformed)(sentence or "The request could not be read.")


def _sentence(status: int | None) -> str:
    sentences = {
        404: "There is nothing under this path.",
        405: f"{request.method} is not offered under this path.",
        413: f"At most {request.max_content_length} octets are read.",
        415: "This Content-Type is not read here.",
    }
    return sentences.get(status or 0, "The request could not be read.")
