"""Who asks the CSC API, by the access token of the request, and whose keys they may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signing.credentials.credential import Credential, Holder, HolderKind
from signing.credentials.credentials import Credentials
from signing.credentials.errors import CredentialUnknown
from signing.credentials.second_factor import Caller
from signing.credentials.signatures import Signatures
from signing.csc.codes import Codes
from signing.csc.errors import CscRequestRefused, CscTokenRefused
from signing.csc.fields import Fields
from signing.csc.programs import Programs

# Longer than any token of ours.
LONGEST_TOKEN = 200


@dataclass(frozen=True)
class Access:
    """A program, and for whom it asks: a person, its organization, or the bearer of one SAD.

    ``holder`` is None for the last, and for a program without an organization.
    """

    caller: Caller
    holder: Holder | None
    sad: str | None = None
    sad_credential: str | None = None


class Accesses:
    """Recognises access tokens: our own for a person, the programs' own, and SADs."""

    def __init__(
        self,
        *,
        programs: Programs,
        codes: Codes,
        credentials: Credentials,
        signatures: Signatures,
    ) -> None:
        self._programs = programs
        self._codes = codes
        self._credentials = credentials
        self._signatures = signatures

    def of(self, token: str | None, environ: Mapping[str, Any]) -> Access:
        """Return who bears a token. Raises CscTokenRefused, and what ``Programs.caller`` raises."""
        if not token or len(token) > LONGEST_TOKEN or not token.isascii():
            raise CscTokenRefused("Send an access token: Authorization: Bearer ….")
        bearer = self._signatures.bearer(token)
        certificate_sha256 = self._programs.certificate_sha256(environ)
        if bearer is not None and bearer.client is not None:
            bound = bearer.certificate_sha256
            if bound is not None and bound != certificate_sha256:
                raise CscTokenRefused("The access token belongs to another certificate.")
            # One that a SAD is not bound to proves nothing of who brings it.
            caller = self._caller(bearer.client, bound)
            return Access(caller, None, token, bearer.credential_id)
        person = self._codes.bearer(token, certificate_sha256=certificate_sha256)
        if person is not None:
            holder = Holder(HolderKind.PERSON, person.person)
            return Access(self._caller(person.client, certificate_sha256), holder)
        caller = self._programs.caller(token, environ)
        if caller.institution is None:
            return Access(caller, None)
        return Access(caller, Holder(HolderKind.ORGANIZATION, caller.institution))

    def credential(self, access: Access, fields: Fields) -> Credential:
        """Return the key that a request names, if its sender may. Raises CredentialUnknown."""
        named = fields.text("credentialID")
        known = len(named) <= 32 and access.sad_credential in {None, named}
        try:
            if known and access.sad_credential is not None:
                return self._credentials.find(named)
            if known and access.holder is not None:
                return self._credentials.find(named, holder=access.holder)
        except CredentialUnknown:
            pass
        raise CredentialUnknown("Invalid parameter credentialID")

    def sad(self, access: Access, fields: Fields) -> str:
        """Return the SAD of a request: a member of it, or its access token."""
        named = fields.optional_text("SAD") or access.sad
        if named is None:
            raise CscRequestRefused("Missing (or invalid type) string parameter SAD")
        return named

    def _caller(self, client: str, certificate_sha256: bytes | None) -> Caller:
        # A program that was closed since is known by none of its tokens.
        program = self._programs.find(client)
        if program is None:
            raise CscTokenRefused("The program of this access token is not in use.")
        return Caller(program.id, program.institution, certificate_sha256)
