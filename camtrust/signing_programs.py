"""Programs of institutions as the CSC API needs them, taken from those that officers registered."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any

from core.database import Database
from enrollment.clients.client import AuthMethod, ClientDetails, find_client
from enrollment.clients.errors import ClientNotAuthenticated, ClientUnknown, OAuthRefusal
from enrollment.clients.oauth.description import JWT_BEARER
from enrollment.clients.sign_in import PresentedCertificates, certificate_digest
from enrollment.clients.tokens import Tokens
from enrollment.officers import Officers
from signing.credentials.errors import SecondFactorRefused
from signing.credentials.second_factor import Act, Caller
from signing.csc.errors import CscTokenRefused
from signing.csc.permissions import SIGN
from signing.csc.programs import Program, ProgramProof, ProgramToken, ProvenProgram


class RegisteredPrograms:
    """The port of :class:`signing.csc.programs.Programs`."""

    def __init__(
        self,
        *,
        database: Database,
        tokens: Callable[[], Tokens],
        certificates: Callable[[], PresentedCertificates],
        officers: Callable[[], Officers],
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._certificates = certificates
        self._officers = officers

    def find(self, client_id: str) -> Program | None:
        """Return a program in use that was granted to ask for signatures."""
        try:
            with self._database.read() as connection:
                found = find_client(connection, client_id[:64])
        except ClientUnknown:
            return None
        if not found.is_usable or SIGN not in found.details.scopes:
            return None
        return _program(found.id, found.details)

    def prove(self, proof: ProgramProof) -> ProvenProgram:
        """Return who proved itself. Raises ClientNotAuthenticated."""
        digest = self.certificate_sha256(proof.environ)
        if proof.assertion is not None:
            _check_kind(proof)
            client = self._tokens().prove_by_assertion(proof.assertion).client
        else:
            client = self._holder_of_certificate(proof)
            self._tokens().check_method(client, AuthMethod.TLS_CLIENT_AUTH)
        program = self.find(client)
        if program is None or proof.client_id not in {None, client}:
            raise ClientNotAuthenticated("This program may not ask for signatures.")
        return ProvenProgram(program, digest)

    def issue(self, proof: ProgramProof) -> ProgramToken:
        """Issue an access token for signatures alone.

        Raises ClientNotAuthenticated, ScopeRefused and TokensTooMany.
        """
        digest = self.certificate_sha256(proof.environ)
        if proof.assertion is not None:
            _check_kind(proof)
            issued = self._tokens().issue_for_assertion(
                proof.assertion, scope=SIGN, certificate_sha256=digest
            )
        else:
            client = self._holder_of_certificate(proof)
            issued = self._tokens().issue_for_certificate(
                client, scope=SIGN, certificate_sha256=digest or b""
            )
        return ProgramToken(issued.token, issued.lifetime)

    def caller(self, token: str, environ: Mapping[str, Any]) -> Caller:
        """Return whose token it is. Raises TokenRefused, CscTokenRefused."""
        digest = self.certificate_sha256(environ)
        principal = self._tokens().principal_of(token, certificate_sha256=digest)
        if principal.scopes is None or SIGN not in principal.scopes:
            raise CscTokenRefused("The access token was not given for signatures.")
        return Caller(principal.id, principal.institution, digest)

    def certificate_sha256(self, environ: Mapping[str, Any]) -> bytes | None:
        """Return of the certificate that a request came with."""
        return certificate_digest(self._certificates().presented(environ))

    def _holder_of_certificate(self, proof: ProgramProof) -> str:
        held = self._certificates().presented(proof.environ)
        holder = None if held is None else self._officers().bound_to(held)
        if holder is None or proof.client_id not in {None, holder.id}:
            raise ClientNotAuthenticated(
                "Send client_assertion, or your certificate at the address for client certificates."
            )
        return holder.id


class ProgramFactor:
    """An organization's program proves that it is there: nobody can replay it.

    By an access token that is bound to its certificate (RFC 8705, Section 3), or by an assertion
    that it signs for exactly this act (RFC 7523) and that is taken once.
    """

    def __init__(self, *, tokens: Callable[[], Tokens]) -> None:
        self._tokens = tokens

    def question(self, act: Act) -> None:
        """Ask nothing: the program proves itself at each request."""

    def verify(self, act: Act, proof: str | None) -> Mapping[str, Any]:
        """Let the organization's own program pass. Raises SecondFactorRefused."""
        caller = act.caller
        if caller is None or caller.institution != act.holder.id:
            raise SecondFactorRefused(
                "Only a program of the organization uses its key.", kept=act.kept
            )
        if caller.certificate_sha256 is not None:
            return {
                "by": "client-certificate",
                "client": caller.client,
                "certificate_sha256": caller.certificate_sha256.hex(),
            }
        if not proof:
            raise SecondFactorRefused(
                "This needs an access token that is bound to your certificate (RFC 8705), or a "
                "client_assertion about it.",
                kept=act.kept,
            )
        return self._judged(act, caller, proof)

    def _judged(self, act: Act, caller: Caller, proof: str) -> Mapping[str, Any]:
        try:
            assertion = self._tokens().prove_by_assertion(proof)
        except ClientNotAuthenticated as error:
            raise SecondFactorRefused(error.detail, kept=act.kept) from error
        named = {name: assertion.claims.get(name) for name in act.claims}
        if named != act.claims or not hmac.compare_digest(assertion.client, caller.client):
            raise SecondFactorRefused(
                "The client_assertion names another program, key, act or hashes than the request.",
                kept=act.kept,
            )
        return {"by": "client-assertion", "client": caller.client, "assertion": proof}


def _check_kind(proof: ProgramProof) -> None:
    if proof.assertion_type != JWT_BEARER:
        raise OAuthRefusal(f"client_assertion_type is {JWT_BEARER}.")


def _program(client_id: str, details: ClientDetails) -> Program:
    return Program(client_id, details.name, details.institution)
