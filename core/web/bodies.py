"""What a request's body may be: its size, its Content-Type, and JSON without tricks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

from flask import Flask, current_app, request
from flask.json.provider import DefaultJSONProvider

from core.errors import Malformed
from core.web.problems import ContentTooLarge, UnsupportedMediaType

JSON = "application/json"
# So much of a body that is too long is read for its answer's sake. nginx stops longer ones, except
# to documents and to validation: who sends one where less is read may lose the answer.
_READ_AWAY_OCTETS = 33 * 1024 * 1024
_PART_OCTETS = 64 * 1024
ViewT = TypeVar("ViewT", bound=Callable[..., Any])


class JsonMalformed(Malformed):
    """The body is not JSON, nests too deeply, names a member twice or holds NaN."""

    problem = "json-malformed"
    title = "The body is not valid JSON"


def reads(*media_types: str, max_octets: int | None = None) -> Callable[[ViewT], ViewT]:
    """Declare which Content-Types a route reads; others get a 415.

    ``max_octets``: how long a body this route reads, where that is more than all others do.
    """

    def declare(view: ViewT) -> ViewT:
        vars(view)["media_types"] = media_types
        if max_octets is not None:
            vars(view)["max_octets"] = max_octets
        return view

    return declare


def guard_bodies(app: Flask, *, max_octets: int) -> None:
    """Refuse bodies of more than ``max_octets``, or of a type that the route does not read.

    A route that declares a larger measure of its own reads as much.
    """
    app.config["MAX_CONTENT_LENGTH"] = max_octets
    app.json = StrictJson(app)

    @app.before_request
    def check_body() -> None:
        view = current_app.view_functions.get(request.endpoint or "")
        most = max(max_octets, getattr(view, "max_octets", None) or 0)
        request.max_content_length = most
        # Said at once, also where the route would never read the body.
        if (request.content_length or 0) > most:
            _read_away(request.environ["wsgi.input"], request.content_length or 0)
            raise ContentTooLarge(f"At most {most} octets are read.", max_octets=most)
        media_types = getattr(view, "media_types", None)
        if media_types is not None and request.mimetype not in media_types:
            raise UnsupportedMediaType(
                f"Send {' or '.join(media_types)}.", accepted=list(media_types)
            )


def _read_away(body: BinaryIO, octets: int) -> None:
    # RFC 9112, Section 9.6: a connection that is closed upon octets nobody read is reset, and the
    # sender, nginx among them, may lose the answer and say that we are away.
    left = min(octets, _READ_AWAY_OCTETS)
    while left > 0 and (part := body.read(min(left, _PART_OCTETS))):
        left -= len(part)


class StrictJson(DefaultJSONProvider):
    """JSON as RFC 8259 has it, each member once (RFC 7493, Section 2.3), depth bounded."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Parse ``s``. Raises JsonMalformed."""
        return parse_json(s)


def parse_json(text: str | bytes) -> Any:
    """Parse JSON, each member once and depth bounded. Raises JsonMalformed."""
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_each_once)
    except RecursionError as error:
        raise JsonMalformed("The JSON nests too deeply.") from error
    except ValueError as error:
        raise JsonMalformed("The body is not valid JSON.") from error


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JsonMalformed("A member stands twice in one object.")
    return members
