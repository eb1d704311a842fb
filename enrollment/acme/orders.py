"""Take orders and show them (RFC 8555, Section 7.4)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from ca.profiles import Profile
from core.clock import Clock
from core.database import Database
from enrollment.acme.account import Account, check_open, find_account
from enrollment.acme.authorizations import Authorizations
from enrollment.acme.certificate_ids import parse_certificate_id
from enrollment.acme.errors import (
    IdentifierRefused,
    ProfileNotGranted,
    ReplacedRefused,
    ResourceUnknown,
    ValidityRefused,
)
from enrollment.acme.external_binding import GrantLookup
from enrollment.acme.identifiers import names_of
from enrollment.acme.issued import IssuedCertificates
from enrollment.acme.models import authorizations, order_authorizations, orders
from enrollment.acme.order import Order, State, find_order, names_digest
from enrollment.acme.payloads import NewOrder
from enrollment.acme.replacing import check_not_replaced
from enrollment.acme.settings import AcmeSettings
from enrollment.grants.grant import Grant, GrantProtocol

MANY_NAMES = "dns_names"
ONE_NAME = "server_name"


class Orders:
    """Keeps orders."""

    def __init__(
        self,
        *,
        database: Database,
        grants: GrantLookup,
        profiles: Mapping[str, Profile],
        made: Authorizations,
        issued: IssuedCertificates,
        settings: AcmeSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._grants = grants
        self._profiles = profiles
        self._authorizations = made
        self._issued = issued
        self._settings = settings
        self._clock = clock

    def take(self, account: Account, wish: NewOrder) -> Order:
        """Take an order inside the account's grant.

        Raises GrantUnknown, GrantNotActive, ProfileNotGranted, ValidityRefused, what names are
        refused for, ReplacedRefused, AlreadyReplaced and AccountClosed.
        """
        grant = self._grants.usable(account.grant_id, GrantProtocol.ACME)
        profile = self._profiles[grant.profile]
        if wish.profile is not None and wish.profile != profile.name:
            raise ProfileNotGranted(f"The account's grant is for the profile {profile.name}.")
        self._check_validity(wish, profile)
        names = names_of(wish.identifiers, grant=grant, most=self._settings.most_identifiers)
        _check_count(names, profile)
        if wish.replaces is not None:
            self._check_replaced(wish.replaces, grant, names)
        with self._database.begin() as connection:
            check_open(find_account(connection, account.id, locked=True))
            if wish.replaces is not None:
                check_not_replaced(connection, wish.replaces)
            order_id = self._store(connection, account, grant, names, wish)
            return find_order(connection, order_id)

    def find(self, account: Account, order_id: str) -> Order:
        """Return an account's order. Raises ResourceUnknown."""
        with self._database.read() as connection:
            return find_order(connection, order_id, account_id=account.id)

    def page(self, account: Account, *, after: str | None, limit: int) -> Sequence[str]:
        """Return up to ``limit`` ids of an account's orders, by id, that come after ``after``."""
        query = select(orders.c.id).where(orders.c.account == account.id)
        if after is not None:
            query = query.where(orders.c.id > after)
        with self._database.read() as connection:
            return connection.scalars(query.order_by(orders.c.id).limit(limit)).all()

    def _check_validity(self, wish: NewOrder, profile: Profile) -> None:
        if wish.not_before is not None:
            raise ValidityRefused("A certificate begins when it is issued; leave notBefore out.")
        now = self._clock.now()
        if wish.not_after is not None and not now < wish.not_after <= now + profile.validity:
            raise ValidityRefused(
                f"notAfter lies between now and {profile.validity.days} days from now."
            )

    def _check_replaced(self, replaces: str, grant: Grant, names: Sequence[str]) -> None:
        # RFC 9773, Section 5: of this subscriber, and at least one name in common.
        try:
            replaced = self._issued.by_id(parse_certificate_id(replaces)).order
        except ResourceUnknown as error:
            raise ReplacedRefused("replaces names no certificate from here.") from error
        if replaced.grant_id != grant.id or not set(replaced.dns_names) & set(names):
            raise ReplacedRefused("replaces names a certificate that is not this account's.")

    def _store(
        self,
        connection: Connection,
        account: Account,
        grant: Grant,
        names: Sequence[str],
        wish: NewOrder,
    ) -> str:
        now = self._clock.now()
        made = [self._authorizations.provide(connection, account, grant, one) for one in names]
        row = {
            "id": secrets.token_hex(16),
            "account": account.id,
            "grant_id": grant.id,
            "state": State.PENDING,
            "profile": grant.profile,
            "dns_names": list(names),
            "names_sha256": names_digest(names),
            "replaces": wish.replaces,
            "renews": False,  # decided when it is finalized
            "not_after": wish.not_after,
            "expires_at": self._end(connection, now, made),
            "created_at": now,
        }
        connection.execute(insert(orders).values(**row))
        connection.execute(
            insert(order_authorizations),
            [
                {"order": row["id"], "position": position, "authorization": one}
                for position, one in enumerate(made)
            ],
        )
        return str(row["id"])

    def _end(self, connection: Connection, now: datetime, made: Sequence[str]) -> datetime:
        # An order cannot outlive what it is built on.
        ends: Sequence[datetime] = connection.scalars(
            select(authorizations.c.expires_at).where(authorizations.c.id.in_(made))
        ).all()
        return min(now + self._settings.order_lifetime, *ends).replace(microsecond=0)


def _check_count(names: Sequence[str], profile: Profile) -> None:
    if MANY_NAMES not in profile.facts and len(names) > 1:
        raise IdentifierRefused(f"A certificate of the profile {profile.name} has one name.")
