"""``oauth2/token``: codes and client credentials are exchanged for access tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signing.csc.codes import Codes
from signing.csc.errors import CscRequestRefused, GrantTypeRefused, ScopeNotOffered
from signing.csc.programs import ProgramProof, Programs
from signing.csc.signing_requests import Scope

AUTHORIZATION_CODE, CLIENT_CREDENTIALS = "authorization_code", "client_credentials"


class TokenAnswers:
    """Answers the token endpoint."""

    def __init__(self, *, programs: Programs, codes: Codes) -> None:
        self._programs = programs
        self._codes = codes

    def token(self, form: Mapping[str, str], environ: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a form.

        Raises Unauthenticated, GrantRefused, GrantTypeRefused, ScopeNotOffered, CscRequestRefused.
        """
        proof = ProgramProof(
            client_id=form.get("client_id"),
            assertion_type=form.get("client_assertion_type"),
            assertion=form.get("client_assertion"),
            environ=environ,
        )
        grant = form.get("grant_type")
        if grant == CLIENT_CREDENTIALS:
            return self._own(proof, form.get("scope"))
        if grant == AUTHORIZATION_CODE:
            return self._for_code(proof, form)
        raise GrantTypeRefused(f"grant_type is {AUTHORIZATION_CODE} or {CLIENT_CREDENTIALS}.")

    def _own(self, proof: ProgramProof, scope: str | None) -> dict[str, Any]:
        # CSC 2.0, Section 8.4.1: a person authorizes signatures, or credentials/authorize does.
        if scope not in {None, Scope.SERVICE}:
            raise ScopeNotOffered("Client credentials give the scope service.")
        issued = self._programs.issue(proof)
        return {
            "access_token": issued.token,
            "token_type": "Bearer",
            "expires_in": int(issued.lifetime.total_seconds()),
        }

    def _for_code(self, proof: ProgramProof, form: Mapping[str, str]) -> dict[str, Any]:
        proven = self._programs.prove(proof)
        code, verifier = form.get("code"), form.get("code_verifier")
        if not code or not verifier:
            raise CscRequestRefused("Send code and code_verifier (RFC 7636).")
        token = self._codes.exchange(
            code, by=proven, address=form.get("redirect_uri"), verifier=verifier
        )
        body: dict[str, Any] = {
            "access_token": token.token,
            "token_type": "Bearer" if token.scope is Scope.SERVICE else "SAD",
            "expires_in": max(int(token.lifetime.total_seconds()), 0),
        }
        if token.credential_id is not None:
            body["credentialID"] = token.credential_id
        return body
