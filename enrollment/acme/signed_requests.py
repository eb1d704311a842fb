"""The one door for ACME's POSTs: who signed it, for which URL, and never twice.

1. Read the JWS strictly. RFC 8555, Section 6.2.
2. Find the key: ``jwk`` itself, or ``kid`` as an account of ours; one of both, never both.
3. Verify the signature.
4. Compare ``url`` with the URL that was asked. Section 6.4.
5. Spend the nonce, last: what fails before has changed nothing. Section 6.5.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.database import Database
from enrollment.acme.account import Account, check_open, find_account
from enrollment.acme.account_keys import check_algorithm
from enrollment.acme.addresses import Addresses
from enrollment.acme.errors import AccountUnknown, BadNonce, JwsMalformed, UrlMismatch
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


class SignedRequests:
    """Reads and verifies requests."""

    def __init__(self, *, database: Database, nonces: Nonces, addresses: Addresses) -> None:
        self._database = database
        self._nonces = nonces
        self._addresses = addresses

    def by_account(self, body: bytes, *, url: str) -> AccountRequest:
        """Take a request with ``kid``.

        Raises JwsMalformed, JwsAlgorithmRefused, AccountUnknown, AccountClosed,
        JwsSignatureWrong, UrlMismatch and BadNonce.
        """
        return self._by_account(read_jws(body), url)

    def by_key(self, body: bytes, *, url: str) -> KeyRequest:
        """Take a request with ``jwk``. Raises AccountKeyRefused and as ``by_account``."""
        return self._by_key(read_jws(body), url)

    def by_either(self, body: bytes, *, url: str) -> AccountRequest | KeyRequest:
        """Take a request with one of both, for revocation (Section 7.6). Raises as both."""
        jws = read_jws(body)
        return self._by_account(jws, url) if "kid" in jws.header else self._by_key(jws, url)

    def _by_account(self, jws: Jws, url: str) -> AccountRequest:
        check_algorithm(jws.algorithm)
        if "jwk" in jws.header:
            raise JwsMalformed("This resource takes kid, and not jwk beside it.")
        account_id = self._addresses.account_in(jws.text("kid"))
        if account_id is None:
            raise AccountUnknown("The kid is no account's URL of this server.")
        with self._database.read() as connection:
            account = find_account(connection, account_id)
        self._verify(jws, account.key, url)
        check_open(account)
        self._spend(jws)
        return AccountRequest(account, jws.payload, url)

    def _by_key(self, jws: Jws, url: str) -> KeyRequest:
        check_algorithm(jws.algorithm)
        if "kid" in jws.header or "jwk" not in jws.header:
            raise JwsMalformed("This resource takes jwk, and not kid.")
        key = jws.jwk()
        self._verify(jws, key, url)
        self._spend(jws)
        return KeyRequest(key, jws.payload)

    def _verify(self, jws: Jws, key: PublicKey, url: str) -> None:
        jws.verify(key)
        if jws.text("url") != url:
            raise UrlMismatch("The JWS was signed for another URL.")

    def _spend(self, jws: Jws) -> None:
        if "nonce" not in jws.header:
            raise BadNonce("The protected header needs a nonce; take the one of this answer.")
        self._nonces.spend(jws.text("nonce"))
