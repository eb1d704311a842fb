"""The one door for ACME's POSTs: who signed it, for which URL, and never twice.

1. Read the JWS strictly. RFC 8555, Section 6.2.
2. Find the key: ``jwk`` itself, or ``kid`` as an account of ours; one of both, never both.
3. Verify the signature.
4. Compare ``url`` with the URL that was asked. Section 6.4.
5. Spend the nonce, last: what fails before has changed nothing. Section 6.5.
6. In the same transaction: the account is still open and has still this key, and the act.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from core.database import Database
from enrollment.acme.account import Account, check_open, find_account
from enrollment.acme.account_keys import check_algorithm
from enrollment.acme.account_memory import AccountMemory
from enrollment.acme.addresses import Addresses
from enrollment.acme.errors import (
    AccountUnknown,
    BadNonce,
    JwsAlgorithmRefused,
    JwsMalformed,
    JwsSignatureWrong,
    UrlMismatch,
)
from enrollment.acme.jws import Jws, read_jws
from enrollment.acme.nonces import Nonces
from hsm.keys import PublicKey


@dataclass(frozen=True)
class KeyRequest:
    """A request signed with a key that stands in it."""

    key: PublicKey
    payload: bytes


@dataclass(frozen=True)
class AccountRequest:
    """A request signed with an account's key; ``url`` is where it was sent."""

    account: Account
    payload: bytes
    url: str


T = TypeVar("T")
# What a request does, in the transaction that takes it.
Act = Callable[[Connection, AccountRequest], T]


class SignedRequests:
    """Reads and verifies requests."""

    def __init__(self, *, database: Database, nonces: Nonces, addresses: Addresses) -> None:
        self._accounts = AccountMemory(database=database)
        self._nonces = nonces
        self._addresses = addresses

    def carry_out(self, body: bytes, act: Act[T], *, url: str, locked: bool = False) -> T:
        """Take a request with ``kid``, and do ``act`` in the transaction that spends its nonce.

        What ``act`` refuses has no effect, and the nonce is spent. ``locked``: the account stays as
        it is until the act is done. Raises JwsMalformed, JwsAlgorithmRefused, AccountUnknown,
        AccountClosed, JwsSignatureWrong, UrlMismatch, BadNonce, and what ``act`` raises.
        """
        return self._carry_out(read_jws(body), act, url, locked=locked)

    def by_account(self, body: bytes, *, url: str) -> AccountRequest:
        """Take a request with ``kid`` whose act has transactions of its own.

        Raises as ``carry_out``.
        """
        return self.carry_out(body, _only_take, url=url)

    def by_key(self, body: bytes, *, url: str) -> KeyRequest:
        """Take a request with ``jwk``. Raises AccountKeyRefused and as ``by_account``."""
        return self._by_key(read_jws(body), url)

    def by_either(self, body: bytes, *, url: str) -> AccountRequest | KeyRequest:
        """Take a request with one of both, for revocation (Section 7.6). Raises as both."""
        jws = read_jws(body)
        if "kid" in jws.header:
            return self._carry_out(jws, _only_take, url)
        return self._by_key(jws, url)

    def _carry_out(self, jws: Jws, act: Act[T], url: str, *, locked: bool = False) -> T:
        signer = self._signer(jws)
        _check_url(jws, url)
        check_open(signer)
        with self._nonces.spending(_nonce(jws)) as connection:  # Steps 5 and 6.
            account = find_account(connection, signer.id, locked=locked)
            if account == signer:
                account = signer  # whose key is parsed already
            else:
                # Remembered first: closed elsewhere, it is refused at the door from now on.
                self._accounts.keep(account)
                check_open(account)
                jws.verify(account.key)
            return act(connection, AccountRequest(account, jws.payload, url))

    def _signer(self, jws: Jws) -> Account:
        """Do steps 2 and 3 for ``kid``."""
        check_algorithm(jws.algorithm)
        if "jwk" in jws.header:
            raise JwsMalformed("This resource takes kid, and not jwk beside it.")
        account_id = self._addresses.account_in(jws.text("kid"))
        if account_id is None:
            raise AccountUnknown("The kid is no account's URL of this server.")
        account = self._accounts.account(account_id)
        try:
            jws.verify(account.key)
        except (JwsAlgorithmRefused, JwsSignatureWrong):
            # It may have another key by now.
            account = self._accounts.read(account_id)
            jws.verify(account.key)
        return account

    def _by_key(self, jws: Jws, url: str) -> KeyRequest:
        check_algorithm(jws.algorithm)
        if "kid" in jws.header or "jwk" not in jws.header:
            raise JwsMalformed("This resource takes jwk, and not kid.")
        key = jws.jwk()
        jws.verify(key)
        _check_url(jws, url)
        with self._nonces.spending(_nonce(jws)):
            return KeyRequest(key, jws.payload)


def _check_url(jws: Jws, url: str) -> None:
    if jws.text("url") != url:
        raise UrlMismatch("The JWS was signed for another URL.")


def _nonce(jws: Jws) -> str:
    if "nonce" not in jws.header:
        raise BadNonce("The protected header needs a nonce; take the one of this answer.")
    return jws.text("nonce")


def _only_take(_connection: Connection, request: AccountRequest) -> AccountRequest:
    return request
