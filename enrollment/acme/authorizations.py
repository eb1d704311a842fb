"""Authorizations: found again while they hold, or made new (RFC 8555, Sections 7.4.1 and 7.5)."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, insert, update

from core.clock import Clock
from enrollment.acme import base64url
from enrollment.acme.account import Account
from enrollment.acme.errors import PayloadMalformed
from enrollment.acme.identifiers import names_of
from enrollment.acme.models import authorizations, challenges
from enrollment.acme.order import (
    Authorization,
    ChallengeRow,
    State,
    find_authorization,
    read_authorizations,
    with_challenges,
)
from enrollment.acme.payloads import NewAuthorization
from enrollment.acme.settings import AcmeSettings
from enrollment.grants.grant import Grant, GrantProtocol
from enrollment.grants.grants import usable_grant

# What officers proved when they decided the grant.
BY_GRANT = "grant"
# By name, as they are read; the client chooses.
KINDS = ("dns-01", "http-01")
# An authorization with less left is not used again: its order would run out with it.
LEAST_LEFT = timedelta(hours=1)
TOKEN_OCTETS = 32  # RFC 8555, Section 8.1: 128 bits of entropy at least


class Authorizations:
    """Keeps authorizations."""

    def __init__(self, *, settings: AcmeSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    def find(
        self, connection: Connection, account: Account, authorization_id: str
    ) -> Authorization:
        """Return an account's authorization. Raises ResourceUnknown."""
        return find_authorization(connection, authorization_id, account_id=account.id)

    def pre_authorize(
        self, connection: Connection, account: Account, wish: NewAuthorization
    ) -> Authorization:
        """Return an authorization ahead of an order (Section 7.4.1).

        Raises as :func:`names_of`, GrantUnknown and GrantNotActive.
        """
        now = self._clock.now()
        grant = usable_grant(connection, account.grant_id, GrantProtocol.ACME, now)
        [name] = names_of([wish.identifier], grant=grant, most=1)
        return self.provide(connection, account, grant, name)

    def deactivate(
        self, connection: Connection, account: Account, authorization_id: str
    ) -> Authorization:
        """Give an authorization up (Section 7.5.2). Raises ResourceUnknown, PayloadMalformed."""
        held = find_authorization(connection, authorization_id, account_id=account.id, locked=True)
        if held.state(self._clock.now()) not in {State.PENDING, State.VALID}:
            raise PayloadMalformed("The authorization is closed already.")
        connection.execute(
            update(authorizations)
            .where(authorizations.c.id == authorization_id)
            .values(state=State.DEACTIVATED)
        )
        return replace(held, stored_state=State.DEACTIVATED)

    def provide(
        self, connection: Connection, account: Account, grant: Grant, dns_name: str
    ) -> Authorization:
        """Return an authorization for a name: one that holds, or a new one.

        A name that the grant preauthorizes is valid at once. Neither holds for profiles that
        are challenged each time.
        """
        now = self._clock.now()
        challenged = grant.profile in self._settings.always_challenged
        held = None if challenged else self._held(connection, account, dns_name, now)
        if held is not None:
            return held
        granted = dns_name in grant.preauthorized and not challenged
        made = Authorization(
            id=secrets.token_hex(16),
            account=account.id,
            dns_name=dns_name,
            stored_state=State.VALID if granted else State.PENDING,
            method=BY_GRANT if granted else None,
            expires_at=self._end(now, grant, granted=granted),
            challenges=(),
        )
        connection.execute(_ADD, _row(made))
        return made if granted else replace(made, challenges=_challenge(connection, made.id))

    def _held(
        self, connection: Connection, account: Account, dns_name: str, now: datetime
    ) -> Authorization | None:
        asked = {"of_account_id": account.id, "of_name": dns_name}
        for held in read_authorizations(connection.execute(_HELD, asked)):
            if held.state(now) is State.VALID and held.expires_at - now >= LEAST_LEFT:
                return held
        return None

    def _end(self, now: datetime, grant: Grant, *, granted: bool) -> datetime:
        lifetime = (
            self._settings.authorization_lifetime if granted else self._settings.order_lifetime
        )
        return min(now + lifetime, grant.expires_at).replace(microsecond=0)


def _row(made: Authorization) -> dict[str, object]:
    return {
        "id": made.id,
        "account": made.account,
        "dns_name": made.dns_name,
        "state": made.stored_state,
        "method": made.method,
        "expires_at": made.expires_at,
    }


def _challenge(connection: Connection, authorization_id: str) -> tuple[ChallengeRow, ...]:
    made = tuple(
        ChallengeRow(
            id=secrets.token_hex(16),
            authorization=authorization_id,
            kind=kind,
            token=base64url.encode(secrets.token_bytes(TOKEN_OCTETS)),
            state=State.PENDING,
        )
        for kind in KINDS
    )
    stored = ("id", "authorization", "kind", "token", "state")
    connection.execute(
        _ADD_CHALLENGES, [{name: getattr(one, name) for name in stored} for one in made]
    )
    return made


# Statements of every order: built once.
_ADD = insert(authorizations)
_ADD_CHALLENGES = insert(challenges)
_HELD = with_challenges(
    authorizations.c.account == bindparam("of_account_id"),
    authorizations.c.dns_name == bindparam("of_name"),
    authorizations.c.state == State.VALID,
)
