"""Authorization codes, the tokens that programs get for them, and whose a token is.

A code is good once, for a minute, for the program and address it was made for, with the verifier of
its challenge (RFC 6749, Section 4.1; RFC 7636, Section 4.6). In the database a SAD lies sealed
under its code.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Row, delete, insert, select

from core.clock import Clock
from core.database import Database
from signing.credentials.activations import Authorization
from signing.credentials.extensions import Extensions
from signing.csc.errors import CscTokenRefused, GrantRefused
from signing.csc.models import csc_codes, csc_tokens
from signing.csc.programs import ProvenProgram
from signing.csc.signing_requests import Scope, SigningRequest

CODE_LIFETIME = timedelta(minutes=1)
# A program that shows a person's keys asks again after an hour.
TOKEN_LIFETIME = timedelta(hours=1)
PREFIX = "camtrust_csc_"
_OCTETS = 32
_NONCE_OCTETS = 12
_SEAL_USE = b"camtrust SAD under a code 1\x00"


@dataclass(frozen=True)
class Given:
    """What a signer gave: the right to see their keys or, with both others, signatures."""

    person: str
    credential_id: str | None
    authorization: Authorization | None


@dataclass(frozen=True)
class CscToken:
    """A token as its program gets it; for signatures it is the SAD, for one key."""

    token: str
    scope: Scope
    lifetime: timedelta
    credential_id: str | None


@dataclass(frozen=True)
class PersonsToken:
    """Whose keys the bearer of a token may see."""

    client: str
    person: str


class Codes:
    """Issues codes, exchanges them for tokens, and recognises these."""

    def __init__(self, *, database: Database, extensions: Extensions, clock: Clock) -> None:
        self._database = database
        self._extensions = extensions
        self._clock = clock

    def issue(self, connection: Connection, request: SigningRequest, given: Given) -> str:
        """Issue a code within the transaction that closes the request."""
        code = secrets.token_urlsafe(_OCTETS)
        authorization = given.authorization
        connection.execute(
            insert(csc_codes).values(
                code_sha256=_digest(code),
                client=request.client,
                address=request.address,
                code_challenge=request.code_challenge,
                scope=request.scope,
                person=given.person,
                credential=given.credential_id,
                sealed_sad=None if authorization is None else _seal(code, authorization.sad),
                sad_expires_at=None if authorization is None else authorization.expires_at,
                expires_at=self._clock.now() + CODE_LIFETIME,
            )
        )
        return code

    def exchange(
        self, code: str, *, by: ProvenProgram, address: str | None, verifier: str
    ) -> CscToken:
        """Return the token for a code; the code is spent, whatever comes of it.

        A token is bound to the certificate that the program proved itself with, if it did, and so
        is a SAD. Raises GrantRefused, and as ``Extensions.bind``.
        """
        now = self._clock.now()
        with self._database.begin() as connection:
            row = connection.execute(
                delete(csc_codes)
                .where(
                    csc_codes.c.code_sha256 == _digest(code),
                    csc_codes.c.client == by.program.id,
                )
                .returning(*csc_codes.c)
            ).one_or_none()
            good = row is not None and row.expires_at > now and _fits(row, address, verifier)
            token = None
            if row is not None and good and row.scope == Scope.SERVICE:
                token = self._issue_token(connection, row, by)
        if row is None or not good:
            raise GrantRefused(
                "The code is unknown, used, over, or came without its redirect_uri and verifier."
            )
        if token is not None:
            return token
        sad = _open(code, row.sealed_sad)
        if by.certificate_sha256 is not None:
            self._extensions.bind(
                row.credential,
                sad,
                client=row.client,
                certificate_sha256=by.certificate_sha256,
            )
        return CscToken(sad, Scope.CREDENTIAL, row.sad_expires_at - now, row.credential)

    def bearer(self, token: str, *, certificate_sha256: bytes | None) -> PersonsToken | None:
        """Return whose token it is, None if it is none of these. Raises CscTokenRefused."""
        if not token.startswith(PREFIX):
            return None
        query = select(csc_tokens).where(csc_tokens.c.token_sha256 == _digest(token))
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None or row.expires_at <= self._clock.now():
            raise CscTokenRefused("The access token is unknown, or its time is over.")
        if row.certificate_sha256 != certificate_sha256:
            raise CscTokenRefused("The access token belongs to another certificate, or to none.")
        return PersonsToken(row.client, row.person)

    def forget_old(self) -> int:
        """Delete codes and tokens that are over; return how many."""
        now, gone = self._clock.now(), 0
        with self._database.begin() as connection:
            for table in (csc_codes, csc_tokens):
                gone += connection.execute(delete(table).where(table.c.expires_at <= now)).rowcount
        return gone

    def _issue_token(self, connection: Connection, row: Row[Any], by: ProvenProgram) -> CscToken:
        token = PREFIX + secrets.token_urlsafe(_OCTETS)
        connection.execute(
            insert(csc_tokens).values(
                token_sha256=_digest(token),
                client=row.client,
                person=row.person,
                certificate_sha256=by.certificate_sha256,
                expires_at=self._clock.now() + TOKEN_LIFETIME,
            )
        )
        return CscToken(token, Scope.SERVICE, TOKEN_LIFETIME, None)


def _fits(row: Row[Any], address: str | None, verifier: str) -> bool:
    # RFC 7636, Section 4.6, S256. The address is compared where it is sent (OAuth 2.1 has it gone).
    made = urlsafe_b64encode(sha256(verifier.encode("utf-8", "surrogatepass")).digest())
    challenge = made.rstrip(b"=").decode()
    return hmac.compare_digest(challenge, row.code_challenge) and address in {None, row.address}


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _key(code: str) -> bytes:
    # 256 random bits: one hash away from what the table has, and nothing to stretch.
    return sha256(_SEAL_USE + code.encode()).digest()


def _seal(code: str, sad: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE_OCTETS)
    return nonce + AESGCM(_key(code)).encrypt(nonce, sad.encode(), None)


def _open(code: str, sealed: bytes) -> str:
    nonce, text = sealed[:_NONCE_OCTETS], sealed[_NONCE_OCTETS:]
    return AESGCM(_key(code)).decrypt(nonce, text, None).decode()
