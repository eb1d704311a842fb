"""Who sends a request: a program by its access token, anybody else in their own way.

RFC 6750, Section 2.1: a token comes in the Authorization header, never in a cookie, form or URL, so
no page of another site can make a browser send one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, Protocol

from ca.register import RegisteredCertificate
from core.access import Principal, Role
from core.web.access_control import Authenticator
from core.web.session_cookie import session_token
from enrollment.clients.errors import TokenRefused, TwoProofs
from enrollment.clients.tokens import Tokens

# RFC 6750, Section 3.
BEARER_CHALLENGE = 'Bearer realm="camtrust"'
# Longer than any token of ours.
LONGEST_TOKEN = 200


class PresentedCertificates(Protocol):
    """Knows with which certificate of ours a request came."""

    def presented(self, environ: Mapping[str, Any]) -> RegisteredCertificate | None:
        """Return it, checked; None when none came, as always at the public listener."""


class BearerSignIn:
    """An authenticator before another: tokens are looked at here, everything else there."""

    def __init__(
        self, *, tokens: Tokens, certificates: PresentedCertificates, others: Authenticator
    ) -> None:
        self._tokens = tokens
        self._certificates = certificates
        self._others = others

    def principal(self, environ: Mapping[str, Any]) -> Principal | None:
        """Return who is asking, None for nobody.

        Raises TwoProofs, TokenRefused, what a client certificate is refused for, Unavailable.
        """
        token = bearer_token(environ)
        if token is None:
            return self._within_scopes(self._others.principal(environ))
        if session_token(environ) is not None:
            raise TwoProofs("Send a session's cookie or an access token, and not both.")
        if len(token) > LONGEST_TOKEN:
            raise TokenRefused("The access token is none of ours.")
        certificate_sha256 = certificate_digest(self._certificates.presented(environ))
        return self._tokens.principal_of(token, certificate_sha256=certificate_sha256)

    def _within_scopes(self, principal: Principal | None) -> Principal | None:
        # A client that signs in with its certificate alone may do no more than its tokens let it.
        if principal is None or principal.role is not Role.SERVICE:
            return principal
        granted = self._tokens.granted_to(principal.id)
        return principal if granted is None else replace(principal, scopes=granted)


def bearer_token(environ: Mapping[str, Any]) -> str | None:
    """Return the token of the Authorization header; None for none, or for another scheme."""
    scheme, _, token = str(environ.get("HTTP_AUTHORIZATION", "")).strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def certificate_digest(held: RegisteredCertificate | None) -> bytes | None:
    """Return what binds a token to a certificate: x5t#S256 (RFC 8705, Section 3.1)."""
    return None if held is None else sha256(held.certificate_der).digest()
