"""What a request's body may be: its size, its Content-Type, and JSON without tricks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request
from flask.json.provider import DefaultJSONProvider

from core.errors import Malformed
from core.web.problems import ContentTooLarge, UnsupportedMediaType

JSON = "application/json"
ViewT = TypeVar("ViewT", bound=Callable[..., Any])


class JsonMalformed(Malformed):
    """The body is not JSON, nests too deeply, names a member twice or holds NaN."""

    problem = "json-malformed"
    title = "The body is not valid JSON"


def reads(*media_types: str) -> Callable[[ViewT], ViewT]:
    """Declare which Content-Types a route reads; others get a 415."""

    def declare(view: ViewT) -> ViewT:
        vars(view)["media_types"] = media_types
        return view

    return declare


def guard_bodies(app: Flask, *, max_octets: int) -> None:
    """Refuse bodies of more than ``max_octets``, or of a type that the route does not read."""
    app.config["MAX_CONTENT_LENGTH"] = max_octets
    app.json = StrictJson(app)

    @app.before_request
    def check_body() -> None:
        # Said at once, also where the route would never read the body.
        if (request.content_length or 0) > max_octets:
            raise ContentTooLarge(f"At most {max_octets} octets are read.", max_octets=max_octets)
        view = current_app.view_functions.get(request.endpoint or "")
        media_types = getattr(view, "media_types", None)
        if media_types is not None and request.mimetype not in media_types:
            raise UnsupportedMediaType(
                f"Send {' or '.join(media_types)}.", accepted=list(media_types)
            )


class StrictJson(DefaultJSONProvider):
    """JSON as RFC 8259 has it, each member once (RFC 7493, Section 2.3), depth bounded."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Parse ``s``. Raises JsonMalformed."""
        try:
            return json.loads(s, parse_constant=_no_constant, object_pairs_hook=_each_once)
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
