"""Make, change and close accounts (RFC 8555, Section 7.3)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from ca.constraints.alternative_names import is_email
from core.clock import Clock
from core.database import Database
from enrollment.acme.account import (
    Account,
    AccountState,
    account_of_key,
    check_open,
    find_account,
)
from enrollment.acme.account_keys import jwk_of, thumbprint_octets
from enrollment.acme.addresses import Addresses
from enrollment.acme.errors import (
    AccountKeyInUse,
    AccountUnknown,
    ContactRefused,
    ContactSchemeRefused,
    JwsMalformed,
    PayloadMalformed,
    TermsNotAgreed,
)
from enrollment.acme.external_binding import ExternalBinding
from enrollment.acme.models import accounts
from enrollment.acme.payloads import AccountUpdate, NewAccount
from enrollment.acme.settings import AcmeSettings
from hsm.keys import PublicKey

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
MAILTO = "mailto:"


@dataclass(frozen=True)
class Registered:
    """An account, and whether this request made it."""

    account: Account
    is_new: bool


class Accounts:
    """Keeps accounts."""

    def __init__(
        self,
        *,
        database: Database,
        binding: ExternalBinding,
        addresses: Addresses,
        settings: AcmeSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._binding = binding
        self._addresses = addresses
        self._settings = settings
        self._clock = clock

    def register(self, wish: NewAccount, *, key: PublicKey, url: str) -> Registered:
        """Return the account of ``key``, making it unless only an existing one is wanted.

        Raises AccountUnknown, AccountClosed, TermsNotAgreed, ContactRefused,
        ContactSchemeRefused, and what the binding is refused for.
        """
        with self._database.read() as connection:
            present = account_of_key(connection, key)
        if present is not None:
            check_open(present)
            return Registered(present, is_new=False)
        if wish.only_return_existing:
            raise AccountUnknown("No account has this key.")
        if self._settings.terms_of_service and not wish.terms_agreed:
            raise TermsNotAgreed(f"Agree to {self._settings.terms_of_service} first.")
        check_contacts(wish.contact)
        grant = self._binding.grant_for(wish.binding, key=key, url=url)
        return self._make(wish, key, grant.id)

    def update(self, account: Account, wish: AccountUpdate) -> Account:
        """Change contacts, or deactivate for ever (Sections 7.3.2 and 7.3.6).

        Raises ContactRefused, ContactSchemeRefused, PayloadMalformed and AccountClosed.
        """
        changes: dict[str, object] = {}
        if wish.status not in {None, AccountState.VALID, AccountState.DEACTIVATED}:
            raise PayloadMalformed("An account's status can be set to deactivated.")
        if wish.contact is not None:
            check_contacts(wish.contact)
            changes["contacts"] = list(wish.contact)
        if wish.status == AccountState.DEACTIVATED:
            changes["state"] = AccountState.DEACTIVATED
        with self._database.begin() as connection:
            check_open(find_account(connection, account.id, locked=True))
            if changes:
                connection.execute(
                    update(accounts).where(accounts.c.id == account.id).values(**changes)
                )
            return find_account(connection, account.id)

    def change_key(self, account: Account, *, new_key: PublicKey) -> Account:
        """Give an account another key (Section 7.3.5). Raises AccountKeyInUse, AccountClosed."""
        with self._database.read() as connection:
            other = account_of_key(connection, new_key)
        if other is not None:
            raise self._in_use(other)
        try:
            with self._database.begin() as connection:
                check_open(find_account(connection, account.id, locked=True))
                changed = connection.execute(
                    update(accounts)
                    .where(
                        accounts.c.id == account.id,
                        # The key that signed this request, unless another was quicker.
                        accounts.c.thumbprint == thumbprint_octets(account.key),
                    )
                    .values(jwk=jwk_of(new_key), thumbprint=thumbprint_octets(new_key))
                )
                if changed.rowcount != 1:
                    raise JwsMalformed("The account has another key by now; sign with that one.")
                return find_account(connection, account.id)
        except IntegrityError as error:
            # Another account took the key a moment earlier, in another process.
            with self._database.read() as connection:
                other = account_of_key(connection, new_key)
            if other is None:
                raise AccountKeyInUse("This key belongs to an account.") from error
            raise self._in_use(other) from error

    def _in_use(self, other: Account) -> AccountKeyInUse:
        # RFC 8555, Section 7.3.5: 409, and the account in Location.
        return AccountKeyInUse(
            "This key belongs to an account.", account=self._addresses.account(other.id)
        )

    def _make(self, wish: NewAccount, key: PublicKey, grant_id: str) -> Registered:
        row = {
            "id": secrets.token_hex(16),
            "state": AccountState.VALID,
            "grant_id": grant_id,
            "jwk": jwk_of(key),
            "thumbprint": thumbprint_octets(key),
            "contacts": list(wish.contact),
            "terms_agreed": wish.terms_agreed,
            "created_at": self._clock.now(),
        }
        is_new = True
        try:
            with self._database.begin() as connection:
                connection.execute(insert(accounts).values(**row))
        except IntegrityError:
            is_new = False  # the same key at the same time, by another process
        with self._database.read() as connection:
            made = account_of_key(connection, key)
        if made is None:
            raise AccountUnknown("No account has this key.")
        return Registered(made, is_new=is_new)


def check_contacts(contacts: Sequence[str]) -> None:
    """Check that contacts are mail addresses. Raises ContactRefused, ContactSchemeRefused."""
    for contact in contacts:
        if not contact.startswith(MAILTO):
            if _SCHEME.match(contact):
                raise ContactSchemeRefused("A contact is a mailto: URL here.")
            raise ContactRefused("A contact is no URL.")
        # RFC 8555, Section 7.3: no hfields, and one address.
        local, _at, domain = contact.removeprefix(MAILTO).rpartition("@")
        if not is_email(f"{local}@{domain.lower()}"):
            raise ContactRefused("A contact is a mailto: URL of one address.")
