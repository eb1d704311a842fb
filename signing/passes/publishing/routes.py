"""``/passes``: lists that verifiers fetch. Everybody may; nothing in them names a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from signing.passes.publishing.kept import Published
from signing.passes.publishing.status_lists import StatusListForm, StatusLists


@dataclass(frozen=True)
class PassLists:
    """What is published. ``ttl``: how long caches may keep it."""

    statuses: StatusLists
    ttl: timedelta


def pass_lists_blueprint(lists: Callable[[], PassLists]) -> Blueprint:
    """Return the routes; what they work with is asked at each request."""
    blueprint = Blueprint("pass-lists", __name__, url_prefix="/passes")

    @blueprint.get("/status/<int:list_number>")
    def get_status_list(list_number: int) -> ResponseReturnValue:
        forms = [one.value for one in StatusListForm]
        # Section 8.1 of the draft: who says nothing of it gets a JWT.
        form = StatusListForm(request.accept_mimetypes.best_match(forms) or forms[0])
        published = lists().statuses.current(list_number, form)
        response = _answer(published, form.value, lists().ttl)
        response.headers["Vary"] = "Accept"
        return response

    return blueprint


def _answer(published: Published, media_type: str, ttl: timedelta) -> Response:
    response = Response(published.octets, content_type=media_type)
    response.headers["Cache-Control"] = f"public, max-age={ttl // timedelta(seconds=1)}"
    # Verifiers are pages too: of other hosts (SMART Health Cards Framework, "Determining keys").
    response.headers["Access-Control-Allow-Origin"] = "*"
    # Weak: two processes sign the same content by different signatures.
    response.set_etag(published.tag, weak=True)
    return response.make_conditional(request)
