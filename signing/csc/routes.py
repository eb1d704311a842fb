"""``/csc/v2/``: the methods of the Cloud Signature Consortium API for programs.

Every route but ``info`` knows its caller by an access token of ``oauth2/token``, or by a SAD; the
token endpoint by what the program proves itself with. So they check their callers themselves.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint
from flask import Response, g, request

from core.errors import (
    CamtrustError,
    Forbidden,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from core.web.bodies import JSON, parse_json, reads
from core.web.forms import FORM
from core.web.limits import limited
from core.web.problems import (
    UNAVAILABLE_RETRY_SECONDS,
    ContentTooLarge,
    UnsupportedMediaType,
    status_of,
)
from signing.credentials.errors import CredentialLocked, PinRefused
from signing.csc.access import Access, Accesses
from signing.csc.algorithms import SIGNATURES
from signing.csc.credential_answers import CredentialAnswers
from signing.csc.describing import describe_service
from signing.csc.document_answers import DocumentAnswers
from signing.csc.errors import CscRequestRefused
from signing.csc.fields import Fields
from signing.csc.signature_answers import SignatureAnswers
from signing.csc.token_answers import TokenAnswers

NAME = "csc"
PREFIX = "/csc/v2"
TOKEN_PATH = f"{PREFIX}/oauth2/token"
# Strangers ask here too: each guess costs a signature's verification.
RATE = "120 per minute"
# Documents are read, signed and stamped while a thread waits.
DOCUMENT_RATE = "120 per minute"
# All that a request with documents has beside them: hashes of others, certificates, borders.
BESIDES_DOCUMENTS = 1 << 20
METHODS = (
    "credentials/list",
    "credentials/info",
    "credentials/authorize",
    "credentials/getChallenge",
    "credentials/extendTransaction",
    "signatures/signHash",
    "signatures/signDoc",
    "signatures/timestamp",
    "oauth2/authorize",
    "oauth2/token",
)
_TOKEN_PARAMETERS = frozenset(
    {
        "grant_type",
        "code",
        "code_verifier",
        "redirect_uri",
        "scope",
        "client_id",
        "client_assertion",
        "client_assertion_type",
    }
)
_CODES: tuple[tuple[type[CamtrustError], str], ...] = (
    (PinRefused, "invalid_pin"),
    (CredentialLocked, "credential_locked"),
    (Unavailable, "temporarily_unavailable"),
    (TooMany, "slow_down"),
    (Unauthenticated, "invalid_token"),
    (Forbidden, "access_denied"),
)
Answer = Callable[[Access, Fields], dict[str, Any] | None]


@dataclass(frozen=True)
class CscDesk:
    """What the routes work with."""

    accesses: Accesses
    credentials: CredentialAnswers
    signatures: SignatureAnswers
    documents: DocumentAnswers
    tokens: TokenAnswers
    public_url: str
    name: str = "National PKI of Cambodia"


def csc_blueprint(desk: Callable[[], CscDesk], *, document_octets: int) -> APIBlueprint:
    """Return the routes; ``desk`` is asked at each request.

    Documents that come whole have at most ``document_octets`` together.
    """
    # The Consortium's specification describes them.
    blueprint = APIBlueprint(NAME, __name__, url_prefix=PREFIX, enable_openapi=False)
    blueprint.register_error_handler(CamtrustError, refusal)
    methods: dict[str, Callable[[], Answer]] = {
        "credentials/list": lambda: desk().credentials.list,
        "credentials/info": lambda: desk().credentials.info,
        "credentials/authorize": lambda: desk().credentials.authorize,
        "credentials/getChallenge": lambda: desk().credentials.challenge,
        "credentials/extendTransaction": lambda: desk().credentials.extend,
        "signatures/signHash": lambda: desk().signatures.sign_hash,
        "signatures/timestamp": lambda: lambda _access, fields: desk().signatures.timestamp(fields),
    }
    for path, answer in methods.items():
        _serve(blueprint, desk, path, answer)
    _serve_documents(blueprint, desk, document_octets)
    _serve_info(blueprint, desk)
    _serve_tokens(blueprint, desk)
    return blueprint


def _serve(
    blueprint: APIBlueprint,
    desk: Callable[[], CscDesk],
    path: str,
    answer: Callable[[], Answer],
) -> None:
    @blueprint.post(f"/{path}", endpoint=path.replace("/", "_"))
    @reads(JSON)
    def method() -> Response:
        access = desk().accesses.of(_bearer(), request.environ)
        body = answer()(access, Fields(_document()))
        # CSC 2.0, Section 11.8: without a challenge there is no content.
        return Response(status=204) if body is None else _json(body)


def _serve_documents(
    blueprint: APIBlueprint, desk: Callable[[], CscDesk], document_octets: int
) -> None:
    # Base64 takes four characters for three octets.
    @blueprint.post("/signatures/signDoc", endpoint="signatures_signDoc")
    @limited(DOCUMENT_RATE)
    @reads(JSON, max_octets=document_octets * 4 // 3 + BESIDES_DOCUMENTS)
    def sign_doc() -> Response:
        access = desk().accesses.of(_bearer(), request.environ)
        return _json(desk().documents.sign_doc(access, Fields(_document())))


def _serve_info(blueprint: APIBlueprint, desk: Callable[[], CscDesk]) -> None:
    @blueprint.route("/info", methods=["GET", "POST"])
    def info() -> Response:
        # CSC 2.0, Section 11.1: POST; that its answer may be fetched by GET hurts nobody.
        body = describe_service(
            name=desk().name,
            url=desk().public_url,
            methods=list(METHODS),
            lang="en",
            algorithms=list(SIGNATURES),
        )
        return _json(dict(body))


def _serve_tokens(blueprint: APIBlueprint, desk: Callable[[], CscDesk]) -> None:
    @blueprint.post("/oauth2/token")
    @reads(FORM)
    @limited(RATE)
    def token() -> Response:
        # RFC 6749, Section 3.2: each parameter once, empty as if left out, others ignored.
        if request.args:
            raise CscRequestRefused("Parameters come in the body, not in the URL.")
        if any(len(request.form.getlist(name)) > 1 for name in request.form):
            raise CscRequestRefused("A parameter stands twice.")
        form = {
            name: value
            for name, value in request.form.items()
            if value and name in _TOKEN_PARAMETERS
        }
        return _json(desk().tokens.token(form, request.environ))


def refusal(error: CamtrustError) -> Response:
    """Answer as CSC 2.0, Section 10.1 and RFC 6749, Section 5.2 have it."""
    status = status_of(error)
    g.problem = error.problem
    headers = {}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(UNAVAILABLE_RETRY_SECONDS)
    elif isinstance(error, TooMany):
        headers["Retry-After"] = str(error.data.get("retry_after_seconds", 1))
    elif isinstance(error, Unauthenticated):
        # RFC 6750, Section 3.
        headers["WWW-Authenticate"] = 'Bearer realm="camtrust"'
    elif not isinstance(error, ContentTooLarge | UnsupportedMediaType) and status < 500:
        status = 400
    body = {"error": _code_of(error), "error_description": _words(error)}
    return _json(body, status, headers)


def _code_of(error: CamtrustError) -> str:
    own = getattr(error, "error", None)
    if isinstance(own, str):
        return own
    # Who asked for what is not authorized gets the words of the specification's table.
    for kind, code in _CODES:
        if isinstance(error, kind) and "authorized" not in error.problem:
            return code
    return "invalid_request"


def _words(error: CamtrustError) -> str:
    words = error.detail if error.kept is None else f"{error.detail} {error.kept}"
    # RFC 6749, Section 5.2: printable ASCII without quotation marks and backslashes.
    return "".join(one if " " <= one <= "~" and one not in '"\\' else "'" for one in words)


def _document() -> Any:
    return parse_json(request.get_data())


def _bearer() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    response = Response(json.dumps(body), status=status, mimetype=JSON, headers=headers)
    response.headers["Cache-Control"] = "no-store"
    return response
