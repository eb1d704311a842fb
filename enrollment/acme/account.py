"""An account: a key that may order within one grant (RFC 8555, Section 7.1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from enrollment.acme.account_keys import read_jwk, thumbprint_octets
from enrollment.acme.errors import AccountClosed, AccountUnknown
from enrollment.acme.models import accounts
from hsm.keys import PublicKey

# Asked with every request: built once.
_ACCOUNT = select(accounts).where(accounts.c.id == bindparam("account_id"))
_ACCOUNT_LOCKED = _ACCOUNT.with_for_update()


class AccountState(StrEnum):
    """valid → deactivated, for ever."""

    VALID = "valid"
    DEACTIVATED = "deactivated"


@dataclass(frozen=True)
class Account:
    """An account. ``contacts`` are personal data: never in the event log."""

    id: str
    state: AccountState
    grant_id: str
    jwk: Mapping[str, str]
    contacts: tuple[str, ...]
    terms_agreed: bool
    created_at: datetime

    @cached_property
    def key(self) -> PublicKey:
        """The account's key."""
        return read_jwk(self.jwk)


def find_account(connection: Connection, account_id: str, *, locked: bool = False) -> Account:
    """Read an account. ``locked``: until the transaction ends. Raises AccountUnknown."""
    query = _ACCOUNT_LOCKED if locked else _ACCOUNT
    row = connection.execute(query, {"account_id": account_id}).one_or_none()
    if row is None:
        raise AccountUnknown("There is no account under this URL.")
    return _account(row)


def account_of_key(connection: Connection, key: PublicKey) -> Account | None:
    """Return the account that has this key."""
    query = select(accounts).where(accounts.c.thumbprint == thumbprint_octets(key))
    row = connection.execute(query).one_or_none()
    return None if row is None else _account(row)


def check_open(account: Account) -> None:
    """Refuse a deactivated account (RFC 8555, Section 7.3.6). Raises AccountClosed."""
    if account.state is not AccountState.VALID:
        raise AccountClosed("The account was deactivated; its key opens nothing any more.")


def _account(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        state=AccountState(row.state),
        grant_id=row.grant_id,
        jwk=row.jwk,
        contacts=tuple(row.contacts),
        terms_agreed=row.terms_agreed,
        created_at=row.created_at,
    )
