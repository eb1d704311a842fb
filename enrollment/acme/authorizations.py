"""Authorizations: found again while they hold, or made new (RFC 8555, Sections 7.4.1 and 7.5)."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, insert, update

from core.clock import Clock
from core.database import Database
from enrollment.acme import base64url
from enrollment.acme.account import Account
from enrollment.acme.errors import PayloadMalformed
from enrollment.acme.external_binding import GrantLookup
from enrollment.acme.identifiers import names_of
from enrollment.acme.models import authorizations, challenges
from enrollment.acme.order import (
    Authorization,
    State,
    find_authorization,
    read_authorizations,
)
from enrollment.acme.payloads import NewAuthorization
from enrollment.acme.settings import AcmeSettings
from enrollment.grants.grant import Grant, GrantProtocol

# What officers proved when they decided the grant.
BY_GRANT = "grant"
KINDS = ("http-01", "dns-01")
# An authorization with less left is not used again: its order would run out with it.
LEAST_LEFT = timedelta(hours=1)
TOKEN_OCTETS = 32  # RFC 8555, Section 8.1: 128 bits of entropy at least


class Authorizations:
    """Keeps authorizations."""

    def __init__(
        self, *, database: Database, grants: GrantLookup, settings: AcmeSettings, clock: Clock
    ) -> None:
        self._database = database
        self._grants = grants
        self._settings = settings
        self._clock = clock

    def find(self, account: Account, authorization_id: str) -> Authorization:
        """Return an account's authorization. Raises ResourceUnknown."""
        with self._database.read() as connection:
            return find_authorization(connection, authorization_id, account_id=account.id)

    def pre_authorize(self, account: Account, wish: NewAuthorization) -> Authorization:
        """Return an authorization ahead of an order (Section 7.4.1).

        Raises as :func:`names_of`, GrantUnknown and GrantNotActive.
        """
        grant = self._grants.usable(account.grant_id, GrantProtocol.ACME)
        [name] = names_of([wish.identifier], grant=grant, most=1)
        with self._database.begin() as connection:
            authorization_id = self.provide(connection, account, grant, name)
            return find_authorization(connection, authorization_id, account_id=account.id)

    def deactivate(self, account: Account, authorization_id: str) -> Authorization:
        """Give an authorization up (Section 7.5.2). Raises ResourceUnknown, PayloadMalformed."""
        with self._database.begin() as connection:
            held = find_authorization(
                connection, authorization_id, account_id=account.id, locked=True
            )
            if held.state(self._clock.now()) not in {State.PENDING, State.VALID}:
                raise PayloadMalformed("The authorization is closed already.")
            connection.execute(
                update(authorizations)
                .where(authorizations.c.id == authorization_id)
                .values(state=State.DEACTIVATED)
            )
            return find_authorization(connection, authorization_id, account_id=account.id)

    def provide(self, connection: Connection, account: Account, grant: Grant, dns_name: str) -> str:
        """Return the id of an authorization for a name: one that holds, or a new one.

        A name that the grant preauthorizes is valid at once. Neither holds for profiles that
        are challenged each time.
        """
        now = self._clock.now()
        challenged = grant.profile in self._settings.always_challenged
        held = None if challenged else self._held(connection, account, dns_name, now)
        if held is not None:
            return held.id
        made_id = secrets.token_hex(16)
        granted = dns_name in grant.preauthorized and not challenged
        connection.execute(
            insert(authorizations).values(
                id=made_id,
                account=account.id,
                dns_name=dns_name,
                state=State.VALID if granted else State.PENDING,
                method=BY_GRANT if granted else None,
                expires_at=self._end(now, grant, granted=granted),
            )
        )
        if not granted:
            _add_challenges(connection, made_id)
        return made_id

    def _held(
        self, connection: Connection, account: Account, dns_name: str, now: datetime
    ) -> Authorization | None:
        for held in read_authorizations(connection, _same(account, dns_name)):
            if held.state(now) is State.VALID and held.expires_at - now >= LEAST_LEFT:
                return held
        return None

    def _end(self, now: datetime, grant: Grant, *, granted: bool) -> datetime:
        lifetime = (
            self._settings.authorization_lifetime if granted else self._settings.order_lifetime
        )
        return min(now + lifetime, grant.expires_at).replace(microsecond=0)


def _same(account: Account, dns_name: str) -> object:
    return and_(
        authorizations.c.account == account.id,
        authorizations.c.dns_name == dns_name,
        authorizations.c.state == State.VALID,
    )


def _add_challenges(connection: Connection, authorization_id: str) -> None:
    rows = [
        {
            "id": secrets.token_hex(16),
            "authorization": authorization_id,
            "kind": kind,
            "token": base64url.encode(secrets.token_bytes(TOKEN_OCTETS)),
            "state": State.PENDING,
        }
        for kind in KINDS
    ]
    connection.execute(insert(challenges), rows)
