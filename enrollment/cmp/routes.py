"""``/.well-known/cmp``: CMP over HTTP (RFC 9811, Section 3).

Every answer to a PKIMessage is a PKIMessage with the status 200, a refusal too;
what is no message at all gets our problem documents. CMP protects its messages itself and goes
over plain HTTP as well: the routes authenticate nobody before they are read.
"""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, g, request

from core.web.bodies import reads
from core.web.problems import ContentTooLarge, NoSuchPath
from enrollment.cmp.server import CmpServer

NAME = "cmp"
PREFIX = "/.well-known/cmp"
PKIXCMP = "application/pkixcmp"  # RFC 9811, Section 3.2


def cmp_blueprint(server: CmpServer) -> APIBlueprint:
    """Return the routes of the CMP server."""
    # RFC 9810 describes it; the description of our own API does not repeat it.
    cmp = APIBlueprint(NAME, __name__, url_prefix=PREFIX, enable_openapi=False)

    @cmp.post("")
    @reads(PKIXCMP)
    def answer() -> Response:
        return _answer(server, None)

    # RFC 9811, Section 3.4: /p/ and a name, which is a certificate profile's here.
    @cmp.post("/p/<label>")
    @reads(PKIXCMP)
    def answer_by_profile(label: str) -> Response:
        if label not in server.profiles:
            raise NoSuchPath("There is no certificate profile of this name.")
        return _answer(server, label)

    return cmp


def _answer(server: CmpServer, label: str | None) -> Response:
    most = server.largest_message_octets
    data = request.stream.read(most + 1)
    if len(data) > most:
        raise ContentTooLarge(f"At most {most} octets are read.", max_octets=most)
    answer = server.answer(data, label=label)
    g.problem = answer.problem
    response = Response(answer.message_der, content_type=PKIXCMP)
    response.headers["Cache-Control"] = "no-store"
    return response
