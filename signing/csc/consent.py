"""What a signer does with a program's request: sees it, and allows it by PIN and passkey."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from core.database import Database
from signing.credentials.activations import Activations
from signing.credentials.credential import Credential, Holder, HolderKind
from signing.credentials.credentials import Credentials
from signing.credentials.second_factor import Caller, SigningAct
from signing.csc.codes import Codes, Given
from signing.csc.errors import SigningRequestUnknown
from signing.csc.programs import Program, Programs
from signing.csc.signing_requests import Scope, SigningRequest, SigningRequests, answer_url


@dataclass(frozen=True)
class Shown:
    """A request as its signer sees it. ``credential`` is None where none is used."""

    request: SigningRequest
    program: Program
    credential: Credential | None


class Consent:
    """Lets signers decide what programs ask. ``person`` is the one who is signed in."""

    def __init__(
        self,
        *,
        database: Database,
        requests: SigningRequests,
        programs: Programs,
        credentials: Credentials,
        activations: Activations,
        codes: Codes,
        issuer: str,
    ) -> None:
        self._database = database
        self._requests = requests
        self._programs = programs
        self._credentials = credentials
        self._activations = activations
        self._codes = codes
        self._issuer = issuer

    def show(self, request_id: str, person: str) -> Shown:
        """Return a request. Raises SigningRequestUnknown; CredentialUnknown for another's key."""
        request = self._requests.find(request_id)
        program = self._programs.find(request.client)
        if program is None:
            raise SigningRequestUnknown("The program that asked is no longer in use.")
        credential = None
        if request.wanted.credential_id is not None:
            credential = self._credentials.find(
                request.wanted.credential_id, holder=_holder(person)
            )
        return Shown(request, program, credential)

    def question(self, request_id: str, person: str) -> str | None:
        """Return what the signer's passkey is asked about a request.

        Raises what :meth:`show` and ``Activations.act`` raise, and SecondFactorRefused.
        """
        return self._activations.question(self._act(self.show(request_id, person), person))

    def allow(
        self, request_id: str, person: str, *, pin: str = "", proof: str | None = None
    ) -> str:
        """Give the program what it asked for; return where the browser goes.

        Raises what ``Activations.authorize`` raises for a wrong PIN or passkey: the request then
        waits on.
        """
        shown = self.show(request_id, person)
        request = shown.request
        given = Given(person, None, None)
        if request.scope is Scope.CREDENTIAL:
            act = self._act(shown, person)
            authorization = self._activations.authorize(act, pin=pin, proof=proof)
            given = Given(person, act.credential_id, authorization)
        with self._database.begin() as connection:
            code = self._issue(connection, request, given)
        # RFC 9207, Section 2: the answer says who gives it.
        answer = {"code": code, "iss": self._issuer}
        return answer_url(request.address, request.state, answer)

    def decline(self, request_id: str, person: str) -> str:
        """Refuse a request; return where the browser goes. Raises as :meth:`show`."""
        self.show(request_id, person)
        return self._requests.refuse(request_id)

    def _issue(self, connection: Connection, request: SigningRequest, given: Given) -> str:
        self._requests.close(connection, request.id)
        return self._codes.issue(connection, request, given)

    def _act(self, shown: Shown, person: str) -> SigningAct:
        wanted = shown.request.wanted
        assert wanted.credential_id is not None  # noqa: S101 - the scope is credential
        assert wanted.digest_algorithm is not None  # noqa: S101
        return self._activations.act(
            wanted.credential_id,
            digest_algorithm=wanted.digest_algorithm,
            hashes=wanted.hashes,
            holder=_holder(person),
            caller=Caller(shown.program.id, shown.program.institution),
        )


def _holder(person: str) -> Holder:
    return Holder(HolderKind.PERSON, person)
