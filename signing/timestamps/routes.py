"""``/tsa``: time-stamps over HTTP (RFC 3161, Section 3.4).

Every answer to a time-stamp query is a time-stamp reply, a refusal too, with the status 200; where
a part of the service is away it is 503, so that proxies and clients try again. What is no query
at all (another Content-Type, another method, too many octets) gets our problem documents.
"""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, g, request

from core.web.access_control import public
from core.web.bodies import reads
from core.web.problems import UNAVAILABLE_RETRY_SECONDS, ContentTooLarge, MethodNotAllowed
from signing.timestamps.authority import TimestampAuthority
from signing.timestamps.definitions import UNITS, UnitDefinition
from signing.timestamps.metrics import count_answer

NAME = "timestamps"
QUERY = "application/timestamp-query"
REPLY = "application/timestamp-reply"


def timestamps_blueprint(authority: TimestampAuthority) -> APIBlueprint:
    """Return the routes of the time-stamping units."""
    # RFC 3161 describes them; the description of our own API does not repeat it.
    timestamps = APIBlueprint(NAME, __name__, enable_openapi=False)
    for unit in UNITS:
        _serve(timestamps, authority, unit)
    return timestamps


def _serve(timestamps: APIBlueprint, authority: TimestampAuthority, unit: UnitDefinition) -> None:
    @timestamps.post(unit.path, endpoint=f"stamp_{unit.name}")
    @public
    @reads(QUERY)
    def stamp() -> Response:
        most = authority.largest_request_octets
        data = request.stream.read(most + 1)
        if len(data) > most:
            raise ContentTooLarge(f"At most {most} octets are read.", max_octets=most)
        answer = authority.answer(data, unit=unit.name)
        count_answer(unit.name, answer.failures)
        g.problem = answer.problem
        response = Response(answer.response_der, content_type=REPLY)
        response.headers["Cache-Control"] = "no-store"
        if answer.is_temporary:
            response.status_code = 503
            response.headers["Retry-After"] = str(UNAVAILABLE_RETRY_SECONDS)
        return response

    @timestamps.get(unit.path, endpoint=f"explain_{unit.name}")
    @public
    def explain() -> Response:
        # Whoever opens the address in a browser should learn what it is for.
        raise MethodNotAllowed(
            f"This is a time-stamping service (RFC 3161). Send a time-stamp query by POST, as "
            f"{QUERY}; `openssl ts -query` makes one.",
            kept="Nothing was stamped.",
            allow=["POST"],
        )
