"""Orders, authorizations and challenges as values, read off the tables (RFC 8555, 7.1.3 to 7.1.6).

What is stored is what happened; what an order or an authorization *is* at an instant follows
from it here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, select

from enrollment.acme.errors import ResourceUnknown
from enrollment.acme.models import authorizations, challenges, order_authorizations, orders

Problem = Mapping[str, Any]

# Asked with every request: built once, and each is one question. An order comes with an
# authorization in each row, an authorization with a challenge.
_STANDING = ("id", "account", "dns_name", "state", "method", "expires_at")
_ORDER = (
    select(orders, *(authorizations.c[name].label(f"of_{name}") for name in _STANDING))
    .select_from(orders)
    .join(order_authorizations, order_authorizations.c.order == orders.c.id)
    .join(authorizations, authorizations.c.id == order_authorizations.c.authorization)
    .where(orders.c.id == bindparam("order_id"))
    .order_by(order_authorizations.c.position)
)
_ORDER_LOCKED = _ORDER.with_for_update(of=orders)
_WITH_CHALLENGES = (
    select(
        *(authorizations.c[name].label(f"of_{name}") for name in _STANDING),
        *(column.label(f"challenge_{column.name}") for column in challenges.c),
    )
    .select_from(authorizations)
    .outerjoin(challenges, challenges.c.authorization == authorizations.c.id)
)
# http-01 after dns-01 by name; the client chooses.
_AUTHORIZATION = _WITH_CHALLENGES.where(
    authorizations.c.id == bindparam("authorization_id")
).order_by(challenges.c.kind)
_AUTHORIZATION_LOCK = (
    select(authorizations.c.id)
    .where(authorizations.c.id == bindparam("authorization_id"))
    .with_for_update()
)
_OF_CHALLENGE = _WITH_CHALLENGES.where(
    authorizations.c.id
    == select(challenges.c.authorization)
    .where(challenges.c.id == bindparam("challenge_id"))
    .scalar_subquery()
).order_by(challenges.c.kind)


class State(StrEnum):
    """The words of RFC 8555, Section 7.1.6."""

    PENDING = "pending"
    READY = "ready"
    PROCESSING = "processing"
    VALID = "valid"
    INVALID = "invalid"
    DEACTIVATED = "deactivated"
    EXPIRED = "expired"


@dataclass(frozen=True)
class ChallengeRow:
    """A challenge of an authorization."""

    id: str
    authorization: str
    kind: str
    token: str
    state: State
    key_authorization: str | None = None
    taken_until: datetime | None = None
    validated_at: datetime | None = None
    error: Problem | None = None


@dataclass(frozen=True)
class Authorization:
    """An account's standing about one name, with its challenges; in an order without them."""

    id: str
    account: str
    dns_name: str
    stored_state: State
    method: str | None
    expires_at: datetime
    challenges: tuple[ChallengeRow, ...]

    def state(self, now: datetime) -> State:
        """Return the state at ``now``."""
        if now < self.expires_at or self.stored_state not in {State.PENDING, State.VALID}:
            return self.stored_state
        return State.EXPIRED if self.stored_state is State.VALID else State.INVALID


@dataclass(frozen=True)
class Order:
    """An order with its authorizations, in the order of its names."""

    id: str
    account: str
    grant_id: str
    stored_state: State
    profile: str
    dns_names: tuple[str, ...]
    replaces: str | None
    renews: bool
    not_after: datetime | None
    expires_at: datetime
    created_at: datetime
    authorizations: tuple[Authorization, ...]
    csr_der: bytes | None = None
    taken_until: datetime | None = None
    error: Problem | None = None
    authority: str | None = None
    serial_number: int | None = None

    def state(self, now: datetime) -> State:
        """Return the state at ``now``; it follows from the authorizations until it is finalized."""
        if self.stored_state is not State.PENDING:
            return self.stored_state
        states = {one.state(now) for one in self.authorizations}
        if now >= self.expires_at or states - {State.PENDING, State.VALID}:
            return State.INVALID
        return State.PENDING if State.PENDING in states else State.READY


def find_order(
    connection: Connection, order_id: str, *, account_id: str | None = None, locked: bool = False
) -> Order:
    """Read an order; with ``account_id`` only that account's. Raises ResourceUnknown."""
    asked = {"order_id": order_id}
    rows = connection.execute(_ORDER_LOCKED if locked else _ORDER, asked).all()
    if not rows or account_id not in {None, rows[0].account}:
        raise unknown()
    return _order(rows[0], tuple(_authorization(one, ()) for one in rows))


def find_authorization(
    connection: Connection, authorization_id: str, *, account_id: str, locked: bool = False
) -> Authorization:
    """Read an account's authorization. Raises ResourceUnknown."""
    asked = {"authorization_id": authorization_id}
    if locked:
        connection.execute(_AUTHORIZATION_LOCK, asked)
    found = read_authorizations(connection.execute(_AUTHORIZATION, asked))
    if not found or found[0].account != account_id:
        raise unknown()
    return found[0]


def find_challenge(
    connection: Connection, challenge_id: str, *, account_id: str
) -> tuple[ChallengeRow, Authorization]:
    """Read a challenge and the authorization that it is of. Raises ResourceUnknown."""
    found = read_authorizations(connection.execute(_OF_CHALLENGE, {"challenge_id": challenge_id}))
    if not found or found[0].account != account_id:
        raise unknown()
    [challenge] = [one for one in found[0].challenges if one.id == challenge_id]
    return challenge, found[0]


def with_challenges(*where: ColumnElement[bool]) -> Select[Any]:
    """Return the question for authorizations; for :func:`read_authorizations`."""
    query: Select[Any] = _WITH_CHALLENGES.where(*where)
    return query.order_by(authorizations.c.id, challenges.c.kind)


def read_authorizations(rows: Iterable[Row[Any]]) -> list[Authorization]:
    """Return the authorizations in the rows of :func:`with_challenges`."""
    # The rows of one authorization follow each other.
    return [
        _authorization(below[0], tuple(_challenge(one) for one in below if one.challenge_id))
        for below in (list(group) for _, group in groupby(rows, key=lambda row: str(row.of_id)))
    ]


def unknown() -> ResourceUnknown:
    """Return the refusal, in the same words whether it is missing or another account's."""
    return ResourceUnknown("There is nothing under this URL that this account may see.")


def names_digest(dns_names: Sequence[str]) -> bytes:
    """Return what two orders for the same names have in common, in whatever order they stand."""
    return sha256("\n".join(sorted(dns_names)).encode("ascii")).digest()


def _challenge(row: Row[Any]) -> ChallengeRow:
    return ChallengeRow(
        id=row.challenge_id,
        authorization=row.challenge_authorization,
        kind=row.challenge_kind,
        token=row.challenge_token,
        state=State(row.challenge_state),
        key_authorization=row.challenge_key_authorization,
        taken_until=row.challenge_taken_until,
        validated_at=row.challenge_validated_at,
        error=row.challenge_error,
    )


def _authorization(row: Row[Any], below: tuple[ChallengeRow, ...]) -> Authorization:
    return Authorization(
        id=row.of_id,
        account=row.of_account,
        dns_name=row.of_dns_name,
        stored_state=State(row.of_state),
        method=row.of_method,
        expires_at=row.of_expires_at,
        challenges=below,
    )


def _order(row: Row[Any], named: tuple[Authorization, ...]) -> Order:
    return Order(
        id=row.id,
        account=row.account,
        grant_id=row.grant_id,
        stored_state=State(row.state),
        profile=row.profile,
        dns_names=tuple(row.dns_names),
        replaces=row.replaces,
        renews=row.renews,
        not_after=row.not_after,
        expires_at=row.expires_at,
        created_at=row.created_at,
        csr_der=row.csr_der,
        taken_until=row.taken_until,
        error=row.error,
        authority=row.authority,
        serial_number=row.serial_number,
        authorizations=named,
    )
