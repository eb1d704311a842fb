"""Access tokens: given to clients that prove themselves, and recognised for some minutes.

A token is 256 random bits; the table has its digest. So one that is taken back is void at once, in
every process, and neither the table nor a backup of it lets anybody in (ADR 0047).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.access import Permission, Principal, Role
from core.clock import Clock
from core.database import Database
from enrollment.clients.assertions import Assertion, verify_assertion
from enrollment.clients.client import ApiClient, AuthMethod, find_client
from enrollment.clients.errors import (
    ClientNotAuthenticated,
    ClientUnknown,
    ScopeRefused,
    TokenRefused,
    TokensTooMany,
)
from enrollment.clients.keys import ClientKey
from enrollment.clients.models import access_tokens, api_clients, spent_assertions
from enrollment.models import principals
from enrollment.officers import OfficerState

# RFC 6750, Section 5.3: an hour at most; a client gets another in milliseconds.
LIFETIME = timedelta(minutes=10)
# A token is for many requests. Enough for a dozen machines that start at once.
MOST_IN_A_MINUTE = 30
TOKEN_OCTETS = 32
# Says what it is to whoever finds one in a file, and to programs that look for such.
PREFIX = "camtrust_at_"


@dataclass(frozen=True)
class IssuedToken:
    """A token as its client gets it, once."""

    token: str
    scopes: tuple[Permission, ...]
    lifetime: timedelta


class Tokens:
    """Issues and recognises access tokens; safe in many processes."""

    def __init__(self, *, database: Database, audiences: Collection[str], clock: Clock) -> None:
        self._database = database
        self._audiences = frozenset(audiences)
        self._clock = clock

    def issue_for_assertion(
        self, text: str, *, scope: str | None, certificate_sha256: bytes | None = None
    ) -> IssuedToken:
        """Issue a token for a signed assertion, which is taken once (RFC 7523).

        Raises ClientNotAuthenticated, ScopeRefused, TokensTooMany and Unavailable.
        """
        assertion = verify_assertion(
            text, keys_of=self._keys_of, audiences=self._audiences, now=self._clock.now()
        )
        try:
            with self._database.begin() as connection:
                client = _usable(connection, assertion.client, AuthMethod.PRIVATE_KEY_JWT)
                _spend(connection, assertion)
                return self._issue(connection, client, scope, certificate_sha256)
        except IntegrityError as error:
            raise ClientNotAuthenticated("This client assertion was used before.") from error

    def prove_by_assertion(self, text: str) -> Assertion:
        """Take a signed assertion as proof of who sends it, once, and issue nothing.

        Raises ClientNotAuthenticated and Unavailable.
        """
        assertion = verify_assertion(
            text, keys_of=self._keys_of, audiences=self._audiences, now=self._clock.now()
        )
        try:
            with self._database.begin() as connection:
                _usable(connection, assertion.client, AuthMethod.PRIVATE_KEY_JWT)
                _spend(connection, assertion)
        except IntegrityError as error:
            raise ClientNotAuthenticated("This client assertion was used before.") from error
        return assertion

    def check_method(self, client_id: str, method: AuthMethod) -> None:
        """Let a client in use pass that proves itself so. Raises ClientNotAuthenticated."""
        with self._database.read() as connection:
            _usable(connection, client_id, method)

    def issue_for_certificate(
        self, client_id: str, *, scope: str | None, certificate_sha256: bytes
    ) -> IssuedToken:
        """Issue a token to the client whose certificate was proven, bound to it (RFC 8705).

        Raises as :meth:`issue_for_assertion`.
        """
        with self._database.begin() as connection:
            client = _usable(connection, client_id, AuthMethod.TLS_CLIENT_AUTH)
            return self._issue(connection, client, scope, certificate_sha256)

    def principal_of(self, token: str, *, certificate_sha256: bytes | None) -> Principal:
        """Return who sends a token; ``certificate_sha256`` is of the certificate it came with.

        Raises TokenRefused, and Unavailable.
        """
        query = (
            select(
                access_tokens,
                api_clients.c.scopes.label("granted"),
                principals.c.institution,
            )
            .join(api_clients, api_clients.c.id == access_tokens.c.client)
            .join(principals, principals.c.id == access_tokens.c.client)
            .where(
                access_tokens.c.token_sha256 == _digest(token),
                api_clients.c.state == "approved",
                principals.c.state == OfficerState.ACTIVE,
            )
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None or row.expires_at <= self._clock.now():
            raise TokenRefused("The access token is unknown, or its time is over.")
        # RFC 8705, Section 3: of no use without the certificate. And one that is not bound is not
        # taken from whoever presents some certificate.
        if row.certificate_sha256 != certificate_sha256:
            raise TokenRefused("The access token belongs to another certificate, or to none.")
        scopes = frozenset(map(Permission, row.scopes)) & frozenset(map(Permission, row.granted))
        return Principal(row.client, Role.SERVICE, row.institution, scopes)

    def granted_to(self, client_id: str) -> frozenset[Permission] | None:
        """Return what a client may ask for; None if this is no API client."""
        query = select(api_clients.c.scopes).where(api_clients.c.id == client_id)
        with self._database.read() as connection:
            found = connection.execute(query).scalar_one_or_none()
        return None if found is None else frozenset(map(Permission, found))

    def forget_old(self) -> int:
        """Delete tokens and assertions that are over; return how many."""
        now, gone = self._clock.now(), 0
        with self._database.begin() as connection:
            for table in (access_tokens, spent_assertions):
                gone += connection.execute(delete(table).where(table.c.expires_at <= now)).rowcount
        return gone

    def _keys_of(self, client_id: str) -> list[ClientKey]:
        with self._database.read() as connection:
            try:
                client = find_client(connection, client_id)
            except ClientUnknown:
                return []
        return [one.key for one in client.keys if one.ended_at is None]

    def _issue(
        self,
        connection: Connection,
        client: ApiClient,
        scope: str | None,
        certificate_sha256: bytes | None,
    ) -> IssuedToken:
        scopes, now = _scopes(client, scope), self._clock.now()
        self._check_rate(connection, client, now)
        token = PREFIX + secrets.token_urlsafe(TOKEN_OCTETS)
        connection.execute(
            insert(access_tokens).values(
                token_sha256=_digest(token),
                client=client.id,
                scopes=list(scopes),
                certificate_sha256=certificate_sha256,
                issued_at=now,
                expires_at=now + LIFETIME,
            )
        )
        connection.execute(
            update(api_clients)
            .where(api_clients.c.id == client.id)
            .values(tokens_issued=api_clients.c.tokens_issued + 1, last_token_at=now)
        )
        return IssuedToken(token, scopes, LIFETIME)

    def _check_rate(self, connection: Connection, client: ApiClient, now: datetime) -> None:
        # The client's row is locked: two processes count one after the other.
        minute = timedelta(minutes=1)
        recent = connection.scalar(
            select(func.count())
            .select_from(access_tokens)
            .where(access_tokens.c.client == client.id, access_tokens.c.issued_at > now - minute)
        )
        if (recent or 0) >= MOST_IN_A_MINUTE:
            raise TokensTooMany(
                f"A client gets {MOST_IN_A_MINUTE} tokens in a minute; use each until it is over.",
                retry_after_seconds=minute.seconds,
            )


def _usable(connection: Connection, client_id: str, method: AuthMethod) -> ApiClient:
    try:
        client = find_client(connection, client_id, locked=True)
    except ClientUnknown as error:
        raise ClientNotAuthenticated("This is no API client.") from error
    if not client.is_usable:
        raise ClientNotAuthenticated("This client is not in use: ask the officers.")
    if client.details.auth_method is not method:
        raise ClientNotAuthenticated(f"This client proves itself by {client.details.auth_method}.")
    return client


def _spend(connection: Connection, assertion: Assertion) -> None:
    connection.execute(
        insert(spent_assertions).values(
            client=assertion.client,
            jti_sha256=assertion.jti_sha256,
            expires_at=assertion.expires_at,
        )
    )


def _scopes(client: ApiClient, asked: str | None) -> tuple[Permission, ...]:
    granted = set(client.details.scopes)
    # RFC 6749, Section 3.3: without the parameter, what the client was granted.
    wanted = granted if not asked else set(map(Permission, asked.split(" ")))
    if wanted - granted:
        raise ScopeRefused(
            "A scope is asked for that this client was not granted.", granted=sorted(granted)
        )
    return tuple(sorted(wanted))


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
