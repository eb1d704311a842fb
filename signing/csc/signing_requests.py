"""What a program asks a signer: read from the query of ``oauth2/authorize``, and kept for minutes.

RFC 6749, Section 4.1.1, with PKCE (RFC 7636) and the parameters of CSC 2.0, Section 8.4.2.

Whoever knows a program's id and address can send requests in its name, without a sign-in: their
number is bounded for each program, the oldest making room. One that a signed-in person has opened
is that person's, and no stranger's request takes its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError
from core.idempotency import new_act_id
from hsm.digests import DigestAlgorithm
from signing.csc.algorithms import digest_algorithm, digest_algorithm_of_length
from signing.csc.errors import (
    CscRequestRefused,
    ReturnAddressRefused,
    ScopeNotOffered,
    SigningRequestUnknown,
)
from signing.csc.fields import Fields, hashes_of_query
from signing.csc.models import csc_requests
from signing.csc.programs import Programs
from signing.csc.return_addresses import ReturnAddresses
from signing.csc.settings import CscSettings

# Long enough to sign in, read, and find one's passkey.
KEPT_FOR = timedelta(minutes=10)
LONGEST_STATE = 2_000
LONGEST_LABEL = 200
# As the table has it: the ids of keys are acts, in hex.
LONGEST_CREDENTIAL = 32
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class Scope(StrEnum):
    """What is asked for: to see the signer's keys, or signatures."""

    SERVICE = "service"
    CREDENTIAL = "credential"


@dataclass(frozen=True)
class Wanted:
    """The signatures that are asked for; nothing of it for the scope ``service``.

    ``labels`` are what the program calls the documents, one for each hash or none.
    """

    credential_id: str | None = None
    digest_algorithm: DigestAlgorithm | None = None
    hashes: tuple[bytes, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class SigningRequest:
    """A program's request to a signer. ``address`` is where the answer goes."""

    id: str
    client: str
    address: str
    state: str | None
    code_challenge: str
    scope: Scope
    wanted: Wanted


class SendBack(Exception):  # noqa: N818 - a turn of the protocol, not a fault
    """A refusal that the program has to hear: RFC 6749, Section 4.1.2.1."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class SigningRequests:
    """Takes requests and keeps them until they are decided."""

    def __init__(
        self,
        *,
        database: Database,
        programs: Programs,
        addresses: ReturnAddresses,
        most_signatures: int,
        settings: CscSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._programs = programs
        self._addresses = addresses
        self._most_signatures = most_signatures
        self._settings = settings
        self._clock = clock

    def take(self, query: Mapping[str, str]) -> str:
        """Keep a request and return its id.

        Raises ReturnAddressRefused, which the person is shown, and SendBack for all that the
        program is told.
        """
        client, address = self._who(query)
        state = query.get("state")
        try:
            request_id = self._keep(client, address, state, query)
        except CamtrustError as error:
            code = getattr(error, "error", "invalid_request")
            raise SendBack(refusal_url(address, state, code, error.detail)) from error
        return request_id

    def find(self, request_id: str) -> SigningRequest:
        """Return a request that waits. Raises SigningRequestUnknown."""
        with self._database.read() as connection:
            row = connection.execute(
                select(csc_requests).where(
                    csc_requests.c.id == request_id, csc_requests.c.expires_at > self._clock.now()
                )
            ).one_or_none()
        if row is None:
            raise SigningRequestUnknown("Go back to the program, and ask again there.")
        return _request_of(row)

    def note_seen(self, request_id: str, person: str) -> None:
        """Note that a person looks at a request, whoever of several does so first."""
        unseen = csc_requests.c.id == request_id, csc_requests.c.person.is_(None)
        with self._database.read() as connection:
            if connection.execute(select(csc_requests.c.id).where(*unseen)).first() is None:
                return
        with self._database.begin() as connection:
            connection.execute(update(csc_requests).where(*unseen).values(person=person))
            _keep_newest(connection, csc_requests.c.person == person, self._settings.seen_requests)

    def close(self, connection: Connection, request_id: str) -> None:
        """End a request that is being decided. Raises SigningRequestUnknown if it was before."""
        gone = connection.execute(delete(csc_requests).where(csc_requests.c.id == request_id))
        if not gone.rowcount:
            raise SigningRequestUnknown("This request was decided in another window.")

    def refuse(self, request_id: str) -> str:
        """End a request that the signer declines; return where the browser goes."""
        found = self.find(request_id)
        with self._database.begin() as connection:
            self.close(connection, request_id)
        return refusal_url(found.address, found.state, "access_denied", "The signer declined.")

    def forget_old(self) -> int:
        """Delete requests that nobody decided; return how many."""
        with self._database.begin() as connection:
            return connection.execute(
                delete(csc_requests).where(csc_requests.c.expires_at <= self._clock.now())
            ).rowcount

    def _who(self, query: Mapping[str, str]) -> tuple[str, str]:
        # RFC 6749, Section 4.1.2.1: nobody is sent to an address that is not known to be theirs.
        client, address = query.get("client_id", ""), query.get("redirect_uri", "")
        if self._programs.find(client) is None:
            raise ReturnAddressRefused("No program of this client_id may ask for signatures here.")
        if address not in self._addresses.of(client):
            raise ReturnAddressRefused(
                "This program was not registered with the address that it names to come back to."
            )
        return client, address

    def _keep(self, client: str, address: str, state: str | None, query: Mapping[str, str]) -> str:
        scope, challenge = _checked(query)
        wanted = _wanted(query) if scope is Scope.CREDENTIAL else Wanted()
        if state is not None and len(state) > LONGEST_STATE:
            raise CscRequestRefused(f"state has at most {LONGEST_STATE} characters.")
        if len(wanted.hashes) > self._most_signatures:
            raise CscRequestRefused(
                f"One authorization gives at most {self._most_signatures} signatures."
            )
        now = self._clock.now()
        request_id = new_act_id(now)
        with self._database.begin() as connection:
            connection.execute(
                insert(csc_requests).values(
                    id=request_id,
                    client=client,
                    address=address,
                    state=state,
                    code_challenge=challenge,
                    scope=scope,
                    credential=wanted.credential_id,
                    digest_algorithm=wanted.digest_algorithm,
                    hashes=[one.hex() for one in wanted.hashes],
                    labels=list(wanted.labels),
                    expires_at=now + KEPT_FOR,
                )
            )
            unseen = and_(csc_requests.c.client == client, csc_requests.c.person.is_(None))
            _keep_newest(connection, unseen, self._settings.unseen_requests)
        return request_id


def _keep_newest(connection: Connection, which: ColumnElement[bool], number: int) -> None:
    # Ids sort by time (RFC 9562, Section 5.7).
    newest = select(csc_requests.c.id).where(which).order_by(csc_requests.c.id.desc())
    last = connection.execute(newest.limit(1).offset(number)).scalar_one_or_none()
    if last is not None:
        connection.execute(delete(csc_requests).where(which, csc_requests.c.id <= last))


def refusal_url(address: str, state: str | None, error: str, description: str) -> str:
    """Return where a browser goes with a refusal (RFC 6749, Section 4.1.2.1)."""
    plain = "".join(one if " " <= one <= "~" and one not in '"\\' else "'" for one in description)
    return answer_url(address, state, {"error": error, "error_description": plain})


def answer_url(address: str, state: str | None, answer: Mapping[str, str]) -> str:
    """Return an address with an answer in its query, whose own parameters stay."""
    parameters = dict(answer) if state is None else {**answer, "state": state}
    return f"{address}{'&' if '?' in address else '?'}{urlencode(parameters)}"


def _checked(query: Mapping[str, str]) -> tuple[Scope, str]:
    if query.get("response_type") != "code":
        raise CscRequestRefused("response_type is code.")
    scope = query.get("scope", Scope.SERVICE)
    if scope not in set(Scope):
        raise ScopeNotOffered("scope is service or credential.")
    challenge = query.get("code_challenge", "")
    # RFC 7636, Section 4.2; `plain` protects nothing that is seen on the way.
    if query.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise CscRequestRefused("PKCE is required: code_challenge with code_challenge_method S256.")
    return Scope(scope), challenge


def _wanted(query: Mapping[str, str]) -> Wanted:
    details = _details(query.get("authorization_details"))
    if details is not None:
        digests = details.objects("documentDigests")
        read = [_digest_of(one) for one in digests]
        hashes = [one[0] for one in read]
        labels = tuple(one[1] for one in read)
        credential, oid = details.text("credentialID"), details.optional_text("hashAlgorithmOID")
        number = len(hashes)
    else:
        hashes = hashes_of_query(query.get("hashes", "") or query.get("hash", ""))
        labels = ()
        credential, oid = query.get("credentialID", ""), query.get("hashAlgorithmOID")
        number = Fields({"numSignatures": query.get("numSignatures")}).number("numSignatures") or 0
    if not credential or len(credential) > LONGEST_CREDENTIAL:
        raise CscRequestRefused("Missing (or invalid type) string parameter credentialID")
    if not hashes or number not in {0, len(hashes)}:
        raise CscRequestRefused("numSignatures is the number of hashes: each is authorized alone.")
    algorithm = digest_algorithm(oid) if oid else digest_algorithm_of_length(len(hashes[0]))
    if any(len(one) != algorithm.octets for one in hashes):
        raise CscRequestRefused(f"A hash of {algorithm} has {algorithm.octets} octets.")
    return Wanted(credential, algorithm, tuple(hashes), labels)


def _details(text: str | None) -> Fields | None:
    # RFC 9396, Section 2, with the members of CSC 2.0, Section 8.4.2.
    if text is None:
        return None
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CscRequestRefused("authorization_details is not JSON.") from error
    if not isinstance(document, list) or len(document) != 1:
        raise CscRequestRefused("authorization_details is a list of one object.")
    details = Fields(document[0])
    if details.text("type") != Scope.CREDENTIAL:
        raise CscRequestRefused("authorization_details has the type credential.")
    return details


def _digest_of(digest: Fields) -> tuple[bytes, str]:
    label = digest.optional_text("label") or ""
    if len(label) > LONGEST_LABEL:
        raise CscRequestRefused(f"A label has at most {LONGEST_LABEL} characters.")
    [value] = hashes_of_query(digest.text("hash").replace(",", "!"))
    return value, label


def _request_of(row: Any) -> SigningRequest:
    algorithm = None if row.digest_algorithm is None else DigestAlgorithm(row.digest_algorithm)
    return SigningRequest(
        id=row.id,
        client=row.client,
        address=row.address,
        state=row.state,
        code_challenge=row.code_challenge,
        scope=Scope(row.scope),
        wanted=Wanted(
            credential_id=row.credential,
            digest_algorithm=algorithm,
            hashes=tuple(map(bytes.fromhex, row.hashes)),
            labels=tuple(row.labels),
        ),
    )
