"""Change an account's key: signed by both, the new key inside the old (RFC 8555, 7.3.5)."""

from __future__ import annotations

from enrollment.acme.account import Account
from enrollment.acme.account_keys import jwk_of, read_jwk
from enrollment.acme.accounts import Accounts
from enrollment.acme.addresses import Addresses
from enrollment.acme.errors import JwsMalformed, PayloadMalformed
from enrollment.acme.jws import read_jws
from enrollment.acme.payloads import KeyChange, read_payload
from enrollment.acme.signed_requests import AccountRequest


def change_key(accounts: Accounts, request: AccountRequest, addresses: Addresses) -> Account:
    """Carry out the eight checks of Section 7.3.5 on the inner JWS, and the change.

    Raises JwsMalformed, AccountKeyRefused, JwsSignatureWrong, PayloadMalformed and
    AccountKeyInUse.
    """
    inner = read_jws(request.payload)
    # 2 and 3: it has a jwk, and that key signed it.
    if "kid" in inner.header or "nonce" in inner.header:
        raise JwsMalformed("The inner JWS has jwk, and neither kid nor nonce.")
    new_key = inner.jwk()
    inner.verify(new_key)
    # 4: both are for the same URL.
    if inner.text("url") != request.url:
        raise JwsMalformed("The inner JWS is for another URL than the outer one.")
    # 5 to 7: the payload names the account and the key that signed the outer JWS.
    wish = read_payload(KeyChange, inner.payload)
    if wish.account != addresses.account(request.account.id):
        raise PayloadMalformed("The inner payload names another account.")
    if jwk_of(read_jwk(wish.old_key)) != jwk_of(request.account.key):
        raise PayloadMalformed("The inner payload names another old key.")
    # 8: no other account has the new key.
    return accounts.change_key(request.account, new_key=new_key)
