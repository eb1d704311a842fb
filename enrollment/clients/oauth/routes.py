"""``/enrollment/v1/token``, and the metadata by which clients find it (RFC 6749, RFC 8414).

The routes check their callers themselves. A client certificate counts at the officers' address
alone, whose TLS front proved that the client holds its key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint
from flask import Response, current_app, request

from core.errors import CamtrustError, TooMany, Unauthenticated, Unavailable
from core.web.bodies import reads
from core.web.forms import FORM
from core.web.limits import limited
from core.web.problems import problem_response, status_of, type_uri
from enrollment.clients.client import AuthMethod
from enrollment.clients.clients import Clients
from enrollment.clients.errors import (
    ClientNotAuthenticated,
    GrantTypeNotOffered,
    OAuthRefusal,
)
from enrollment.clients.oauth.description import (
    CLIENT_CREDENTIALS,
    JWT_BEARER,
    METADATA_RESPONSES,
    TOKEN_BODY,
    TOKEN_RESPONSES,
)
from enrollment.clients.sign_in import certificate_digest
from enrollment.clients.tokens import IssuedToken, Tokens
from enrollment.officers import Officers
from enrollment.sign_in import CertificateSignIn

NAME = "oauth"
TOKEN_PATH = "/enrollment/v1/token"  # noqa: S105 - a path
METADATA_PATH = "/.well-known/oauth-authorization-server"
PARAMETERS = frozenset(
    {"grant_type", "scope", "client_id", "client_assertion", "client_assertion_type", "resource"}
)
ALGORITHMS = ("ES256", "ES384", "EdDSA", "PS256", "RS256")
# Strangers ask here too: each guess costs us a signature's verification.
RATE = "120 per minute"


@dataclass(frozen=True)
class AuthorizationServer:
    """What the routes work with. ``mtls_url``: the officers' address, where it is known."""

    clients: Clients
    tokens: Tokens
    certificates: CertificateSignIn
    officers: Officers
    public_url: str
    mtls_url: str | None = None


def oauth_blueprint(server: AuthorizationServer) -> APIBlueprint:
    """Return the routes."""
    blueprint = APIBlueprint(NAME, __name__, tag="OAuth 2.0")
    blueprint.register_error_handler(CamtrustError, _refuse)

    @blueprint.get(METADATA_PATH)
    @blueprint.doc(responses=METADATA_RESPONSES)
    def oauth_metadata() -> Response:
        """Say how clients get access tokens (RFC 8414)."""
        return _json(metadata(server), 200)

    @blueprint.post(TOKEN_PATH)
    @reads(FORM)
    @limited(RATE)
    @blueprint.doc(extensions={"requestBody": TOKEN_BODY}, responses=TOKEN_RESPONSES)
    def token() -> Response:
        """Get an access token for client credentials (RFC 6749, Section 4.4)."""
        return _json(_answer(_token(server)), 200, {"Cache-Control": "no-store"})

    return blueprint


def metadata(server: AuthorizationServer) -> dict[str, Any]:
    """Return the metadata of RFC 8414, Section 2."""
    document: dict[str, Any] = {
        "issuer": server.public_url,
        "token_endpoint": server.public_url + TOKEN_PATH,
        "grant_types_supported": [CLIENT_CREDENTIALS],
        "response_types_supported": [],
        "scopes_supported": sorted(server.clients.grantable),
        "service_documentation": f"{server.public_url}/docs",
        "token_endpoint_auth_methods_supported": [str(one) for one in AuthMethod],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "tls_client_certificate_bound_access_tokens": True,
    }
    if server.mtls_url is not None:
        # RFC 8705, Section 5.
        document["mtls_endpoint_aliases"] = {"token_endpoint": server.mtls_url + TOKEN_PATH}
    return document


def _token(server: AuthorizationServer) -> IssuedToken:
    form = _form()
    if form.get("grant_type") != CLIENT_CREDENTIALS:
        raise GrantTypeNotOffered(f"grant_type is {CLIENT_CREDENTIALS} here.")
    # RFC 6749, Section 2.3: one way in a request. A secret, which is sent along, is none here.
    if request.authorization is not None:
        raise ClientNotAuthenticated(
            "Prove yourself with an assertion or a certificate, not in the Authorization header."
        )
    assertion, scope = form.get("client_assertion"), form.get("scope")
    held = server.certificates.presented(request.environ)
    digest = certificate_digest(held)
    if assertion is not None:
        if form.get("client_assertion_type") != JWT_BEARER:
            raise OAuthRefusal(f"client_assertion_type is {JWT_BEARER}.")
        return server.tokens.issue_for_assertion(assertion, scope=scope, certificate_sha256=digest)
    if held is None or digest is None:
        raise ClientNotAuthenticated(
            "Send client_assertion, or a certificate at the address for client certificates."
        )
    holder = server.officers.bound_to(held)
    if holder is None or form.get("client_id") not in {None, holder.id}:
        raise ClientNotAuthenticated("This certificate is not that of this client.")
    return server.tokens.issue_for_certificate(holder.id, scope=scope, certificate_sha256=digest)


def _form() -> Mapping[str, str]:
    # RFC 6749, Section 3.2: each parameter once, empty as if it were left out, others ignored.
    if request.args:
        raise OAuthRefusal("Parameters come in the body, not in the URL.")
    repeated = [name for name in request.form if len(request.form.getlist(name)) > 1]
    if repeated:
        raise OAuthRefusal("A parameter stands twice.")
    return {name: value for name, value in request.form.items() if value and name in PARAMETERS}


def _answer(issued: IssuedToken) -> dict[str, Any]:
    return {
        "access_token": issued.token,
        "token_type": "Bearer",
        "expires_in": int(issued.lifetime.total_seconds()),
        "scope": " ".join(issued.scopes),
    }


def _refuse(error: CamtrustError) -> Response:
    """Answer as RFC 6749, Section 5.2; what it has no code for, as a problem document."""
    if isinstance(error, TooMany | Unavailable) or status_of(error) >= 500:
        return problem_response(error)
    code = getattr(error, "error", None)
    unauthenticated = isinstance(error, Unauthenticated)
    if code is None:
        code = "invalid_client" if unauthenticated else "invalid_request"
    body = {
        "error": code,
        "error_description": _quotable(error.detail),
        "error_uri": type_uri(current_app.config["PUBLIC_URL"], error.problem),
    }
    headers = {"Cache-Control": "no-store"}
    if unauthenticated:
        headers["WWW-Authenticate"] = 'Bearer realm="camtrust"'
    return _json(body, 401 if unauthenticated else 400, headers)


def _quotable(text: str) -> str:
    # RFC 6749, Section 5.2: printable ASCII without quotation marks and backslashes.
    return "".join(one if " " <= one <= "~" and one not in '"\\' else "'" for one in text)


def _json(body: dict[str, Any], status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        json.dumps(body), status=status, mimetype="application/json", headers=dict(headers or {})
    )
