"""A browser is sent to the provider, and comes back with a code: once, and the same browser.

1. ``begin`` keeps state, nonce and code verifier, bound to a cookie of this browser.
2. ``complete`` takes the row of the state and the cookie out, whatever the answer then says.
3. The answer names our issuer (RFC 9207), else another provider's code may be mixed in.
4. The code is exchanged for an ID token, which is judged (:mod:`.id_tokens`).
5. The token's claim names an identity document.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import Row, delete, insert

from core.clock import Clock
from core.database import Database
from core.digits import ascii_digits
from enrollment.sign_in.models import openid_flows
from enrollment.sign_in.openid.client import CodeExchange
from enrollment.sign_in.openid.errors import ProviderAnswerRefused, ProviderSaidNo
from enrollment.sign_in.openid.id_tokens import IdTokens
from enrollment.sign_in.openid.provider import Provider
from enrollment.sign_in.openid.settings import OpenIdSettings

# How long somebody may take at the provider.
LIFETIME = timedelta(minutes=10)
LONGEST_PARAMETER = 2_048


@dataclass(frozen=True)
class Identified:
    """Who the provider says it is, by a document; and what the browser wanted."""

    kind: str
    country: str
    number: str
    shared_computer: bool
    back: str


class OpenIdFlows:
    """Sends browsers to the provider and takes them back."""

    def __init__(
        self,
        *,
        database: Database,
        provider: Provider,
        exchange: CodeExchange,
        id_tokens: IdTokens,
        settings: OpenIdSettings,
        redirect_uri: str,
        clock: Clock,
    ) -> None:
        self._database = database
        self._provider = provider
        self._exchange = exchange
        self._id_tokens = id_tokens
        self._settings = settings
        self._redirect_uri = redirect_uri
        self._clock = clock

    def begin(self, *, browser: str, shared_computer: bool, back: str) -> str:
        """Return the provider's URL to send the browser to. Raises ProviderUnavailable."""
        endpoint = self._provider.metadata().authorization_endpoint
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        with self._database.begin() as connection:
            connection.execute(
                insert(openid_flows).values(
                    state_sha256=sha256(state.encode()).digest(),
                    browser_sha256=sha256(browser.encode()).digest(),
                    nonce=nonce,
                    code_verifier=verifier,
                    shared_computer=shared_computer,
                    back=back,
                    expires_at=self._clock.now() + LIFETIME,
                )
            )
        url: str = prepare_grant_uri(
            endpoint,
            self._settings.client_id,
            "code",
            redirect_uri=self._redirect_uri,
            scope=" ".join(self._settings.scopes),
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return url

    def complete(self, answer: Mapping[str, str], *, browser: str) -> Identified:
        """Return who came back. ``answer`` is the query of the redirect.

        Raises ProviderAnswerRefused, ProviderSaidNo and ProviderUnavailable.
        """
        flow = self._taken(answer.get("state", ""), browser)
        self._check_issuer(answer)
        if "error" in answer:
            raise ProviderSaidNo("You can try again, or sign in another way.")
        code = answer.get("code", "")
        if not 0 < len(code) <= LONGEST_PARAMETER:
            raise _refused()
        tokens = self._exchange.tokens(
            code=code, code_verifier=flow.code_verifier, redirect_uri=self._redirect_uri
        )
        claims = self._id_tokens.claims(
            tokens.get("id_token"), nonce=flow.nonce, access_token=tokens.get("access_token")
        )
        return self._identified(claims, flow)

    def forget_old(self) -> int:
        """Delete the flows of those who never came back; return how many."""
        with self._database.begin() as connection:
            gone = connection.execute(
                delete(openid_flows).where(openid_flows.c.expires_at <= self._clock.now())
            )
            return gone.rowcount

    def _taken(self, state: str, browser: str) -> Row[Any]:
        # The cookie too: a state that was sent to somebody else's browser opens nothing there.
        with self._database.begin() as connection:
            flow = connection.execute(
                delete(openid_flows)
                .where(
                    openid_flows.c.state_sha256 == sha256(state.encode()).digest(),
                    openid_flows.c.browser_sha256 == sha256(browser.encode()).digest(),
                    openid_flows.c.expires_at > self._clock.now(),
                )
                .returning(openid_flows)
            ).one_or_none()
        if flow is None:
            raise _refused()
        return flow

    def _check_issuer(self, answer: Mapping[str, str]) -> None:
        # RFC 9207, Section 2.4.
        metadata = self._provider.metadata()
        named = answer.get("iss")
        if named is None and metadata.names_itself:
            raise _refused()
        if named is not None and named != metadata.issuer:
            raise _refused()

    def _identified(self, claims: Mapping[str, Any], flow: Row[Any]) -> Identified:
        number = claims.get(self._settings.identifier_claim)
        kind = self._settings.identifier_kind
        if self._settings.identifier_kind_claim is not None:
            kind = str(claims.get(self._settings.identifier_kind_claim, ""))
        if not isinstance(number, str) or not 0 < len(number) <= 64:
            raise ProviderAnswerRefused(
                "The provider did not say which identity document you hold. Ask it to."
            )
        return Identified(
            kind=kind,
            country=self._settings.identifier_country,
            number=ascii_digits(number).strip(),
            shared_computer=flow.shared_computer,
            back=flow.back,
        )


def _refused() -> ProviderAnswerRefused:
    return ProviderAnswerRefused(
        "It is not for this browser, was used before, or came too late. Begin again."
    )
