"""Take orders and show them (RFC 8555, Section 7.4)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, insert, select

from ca.profiles import Profile
from core.clock import Clock
from enrollment.acme.account import Account
from enrollment.acme.authorizations import Authorizations
from enrollment.acme.certificate_ids import parse_certificate_id
from enrollment.acme.errors import (
    IdentifierRefused,
    ProfileNotGranted,
    ReplacedRefused,
    ResourceUnknown,
    ValidityRefused,
)
from enrollment.acme.identifiers import names_of
from enrollment.acme.issued import IssuedCertificates
from enrollment.acme.models import order_authorizations, orders
from enrollment.acme.order import Order, State, find_order, names_digest
from enrollment.acme.payloads import NewOrder
from enrollment.acme.replacing import check_not_replaced
from enrollment.acme.settings import AcmeSettings
from enrollment.grants.grant import Grant, GrantProtocol
from enrollment.grants.grants import usable_grant

MANY_NAMES = "dns_names"
ONE_NAME = "server_name"


class Orders:
    """Keeps orders."""

    def __init__(
        self,
        *,
        profiles: Mapping[str, Profile],
        made: Authorizations,
        issued: IssuedCertificates,
        settings: AcmeSettings,
        clock: Clock,
    ) -> None:
        self._profiles = profiles
        self._authorizations = made
        self._issued = issued
        self._settings = settings
        self._clock = clock

    def take(self, connection: Connection, account: Account, wish: NewOrder) -> Order:
        """Take an order inside the account's grant.

        Raises GrantUnknown, GrantNotActive, ProfileNotGranted, ValidityRefused, what names are
        refused for, ReplacedRefused and AlreadyReplaced.
        """
        now = self._clock.now()
        grant = usable_grant(connection, account.grant_id, GrantProtocol.ACME, now)
        profile = self._profiles[grant.profile]
        if wish.profile is not None and wish.profile != profile.name:
            raise ProfileNotGranted(f"The account's grant is for the profile {profile.name}.")
        self._check_validity(wish, profile)
        names = names_of(wish.identifiers, grant=grant, most=self._settings.most_identifiers)
        _check_count(names, profile)
        if wish.replaces is not None:
            self._check_replaced(connection, wish.replaces, grant, names)
            check_not_replaced(connection, wish.replaces)
        return self._store(connection, account, grant, names, wish)

    def find(self, connection: Connection, account: Account, order_id: str) -> Order:
        """Return an account's order. Raises ResourceUnknown."""
        return find_order(connection, order_id, account_id=account.id)

    def page(
        self, connection: Connection, account: Account, *, after: str | None, limit: int
    ) -> Sequence[str]:
        """Return up to ``limit`` ids of an account's orders, by id, that come after ``after``."""
        query = select(orders.c.id).where(orders.c.account == account.id)
        if after is not None:
            query = query.where(orders.c.id > after)
        return connection.scalars(query.order_by(orders.c.id).limit(limit)).all()

    def _check_validity(self, wish: NewOrder, profile: Profile) -> None:
        if wish.not_before is not None:
            raise ValidityRefused("A certificate begins when it is issued; leave notBefore out.")
        now = self._clock.now()
        if wish.not_after is not None and not now < wish.not_after <= now + profile.validity:
            raise ValidityRefused(
                f"notAfter lies between now and {profile.validity.days} days from now."
            )

    def _check_replaced(
        self, connection: Connection, replaces: str, grant: Grant, names: Sequence[str]
    ) -> None:
        # RFC 9773, Section 5: of this subscriber, and at least one name in common.
        try:
            replaced = self._issued.by_id(connection, parse_certificate_id(replaces)).order
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
    ) -> Order:
        now = self._clock.now()
        made = [self._authorizations.provide(connection, account, grant, one) for one in names]
        # An order cannot outlive what it is built on.
        end = min(now + self._settings.order_lifetime, *(one.expires_at for one in made))
        order = Order(
            id=secrets.token_hex(16),
            account=account.id,
            grant_id=grant.id,
            stored_state=State.PENDING,
            profile=grant.profile,
            dns_names=tuple(names),
            replaces=wish.replaces,
            renews=False,  # decided when it is finalized
            not_after=wish.not_after,
            expires_at=end.replace(microsecond=0),
            created_at=now,
            authorizations=tuple(made),
        )
        connection.execute(_ADD, _row(order))
        connection.execute(
            _ADD_AUTHORIZATIONS,
            [
                {"order": order.id, "position": position, "authorization": one.id}
                for position, one in enumerate(made)
            ],
        )
        return order


def _row(order: Order) -> dict[str, object]:
    return {
        "id": order.id,
        "account": order.account,
        "grant_id": order.grant_id,
        "state": order.stored_state,
        "profile": order.profile,
        "dns_names": list(order.dns_names),
        "names_sha256": names_digest(order.dns_names),
        "replaces": order.replaces,
        "renews": order.renews,
        "not_after": order.not_after,
        "expires_at": order.expires_at,
        "created_at": order.created_at,
    }


# Statements of every order: built once.
_ADD = insert(orders)
_ADD_AUTHORIZATIONS = insert(order_authorizations)


def _check_count(names: Sequence[str], profile: Profile) -> None:
    if MANY_NAMES not in profile.facts and len(names) > 1:
        raise IdentifierRefused(f"A certificate of the profile {profile.name} has one name.")
