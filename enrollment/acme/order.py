"""Orders, authorizations and challenges as values, read off the tables (RFC 8555, 7.1.3 to 7.1.6).

What is stored is what happened; what an order or an authorization *is* at an instant follows
from it here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from enrollment.acme.errors import ResourceUnknown
from enrollment.acme.models import authorizations, challenges, order_authorizations, orders

Problem = Mapping[str, Any]


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
    key_authorization: str | None
    taken_until: datetime | None
    validated_at: datetime | None
    error: Problem | None


@dataclass(frozen=True)
class Authorization:
    """An account's standing about one name, with its challenges."""

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
    csr_der: bytes | None
    taken_until: datetime | None
    error: Problem | None
    authority: str | None
    serial_number: int | None
    authorizations: tuple[Authorization, ...]

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
    query = select(orders).where(orders.c.id == order_id)
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None or account_id not in {None, row.account}:
        raise unknown()
    links = order_authorizations
    ids = connection.scalars(
        select(links.c.authorization).where(links.c.order == order_id).order_by(links.c.position)
    ).all()
    found = read_authorizations(connection, authorizations.c.id.in_(ids))
    return _order(row, tuple(sorted(found, key=lambda one: ids.index(one.id))))


def find_authorization(
    connection: Connection, authorization_id: str, *, account_id: str, locked: bool = False
) -> Authorization:
    """Read an account's authorization. Raises ResourceUnknown."""
    if locked:
        mine = select(authorizations.c.id).where(authorizations.c.id == authorization_id)
        connection.execute(mine.with_for_update())
    found = read_authorizations(connection, authorizations.c.id == authorization_id)
    if not found or found[0].account != account_id:
        raise unknown()
    return found[0]


def read_authorizations(connection: Connection, where: Any) -> list[Authorization]:
    """Return the authorizations that ``where`` selects, with their challenges."""
    rows = connection.execute(select(authorizations).where(where)).all()
    below: dict[str, list[ChallengeRow]] = {row.id: [] for row in rows}
    wanted = challenges.c.authorization.in_(below)
    # http-01 after dns-01 by name; the client chooses.
    for row in connection.execute(select(challenges).where(wanted).order_by(challenges.c.kind)):
        below[row.authorization].append(challenge_of(row))
    return [_authorization(row, tuple(below[row.id])) for row in rows]


def read_challenges(connection: Connection, query: Select[Any]) -> Sequence[ChallengeRow]:
    """Return the challenges that a query selects."""
    return [challenge_of(row) for row in connection.execute(query)]


def unknown() -> ResourceUnknown:
    """Return the refusal, in the same words whether it is missing or another account's."""
    return ResourceUnknown("There is nothing under this URL that this account may see.")


def names_digest(dns_names: Sequence[str]) -> bytes:
    """Return what two orders for the same names have in common, in whatever order they stand."""
    return sha256("\n".join(sorted(dns_names)).encode("ascii")).digest()


def challenge_of(row: Row[Any]) -> ChallengeRow:
    """Return the challenge of a row."""
    return ChallengeRow(
        id=row.id,
        authorization=row.authorization,
        kind=row.kind,
        token=row.token,
        state=State(row.state),
        key_authorization=row.key_authorization,
        taken_until=row.taken_until,
        validated_at=row.validated_at,
        error=row.error,
    )


def _authorization(row: Row[Any], below: tuple[ChallengeRow, ...]) -> Authorization:
    return Authorization(
        id=row.id,
        account=row.account,
        dns_name=row.dns_name,
        stored_state=State(row.state),
        method=row.method,
        expires_at=row.expires_at,
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
