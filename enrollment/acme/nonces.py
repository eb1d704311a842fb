"""Nonces that any process can make and that work once in all of them (RFC 8555, Section 6.5).

A nonce carries its end and a MAC, so that handing one out costs no write; what is stored is
that it was used. The MAC's key is one row of the database.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database, DatabaseUnavailable
from enrollment.acme import base64url
from enrollment.acme.errors import BadNonce, JwsMalformed
from enrollment.acme.models import nonce_keys, spent_nonces
from enrollment.acme.settings import AcmeSettings

_EXPIRY_OCTETS = 4
_RANDOM_OCTETS = 12
_MAC_OCTETS = 16

_SPEND = insert(spent_nonces)


class Nonces:
    """Hands nonces out and takes each back once."""

    def __init__(self, *, database: Database, settings: AcmeSettings, clock: Clock) -> None:
        self._database = database
        self._lifetime = settings.nonce_lifetime
        self._clock = clock
        self._known_key: bytes | None = None

    def fresh(self) -> str:
        """Return a new nonce. Raises DatabaseUnavailable before the first one."""
        end = int((self._clock.now() + self._lifetime).timestamp())
        content = end.to_bytes(_EXPIRY_OCTETS, "big") + secrets.token_bytes(_RANDOM_OCTETS)
        return base64url.encode(content + self._mac(content))

    @contextmanager
    def spending(self, nonce: str) -> Iterator[Connection]:
        """Open a transaction in which a nonce is used up, together with what its request does.

        An exception takes back what was done, and not the nonce: it is used up by itself then.
        Raises BadNonce, also when another process was quicker.
        """
        row = self._row(nonce)
        is_spent = False
        try:
            with self._database.begin() as connection:
                _spend(connection, row)
                is_spent = True
                yield connection
        except BaseException:
            if is_spent:
                self._spend_after_all(row)
            raise

    def forget_old(self) -> int:
        """Delete what ran out by itself; return how many."""
        with self._database.begin() as connection:
            gone = connection.execute(
                delete(spent_nonces).where(spent_nonces.c.expires_at < self._clock.now())
            )
            return gone.rowcount

    def _spend_after_all(self, row: Mapping[str, object]) -> None:
        # With the database away nothing happened to the nonce, as nothing happened to anything;
        # a twin of the request may have spent it meanwhile, and was the one that was taken.
        with suppress(BadNonce, DatabaseUnavailable), self._database.begin() as connection:
            _spend(connection, row)

    def _row(self, nonce: str) -> Mapping[str, object]:
        content = self._genuine(nonce)
        expires_at = datetime.fromtimestamp(int.from_bytes(content[:_EXPIRY_OCTETS], "big"), UTC)
        if expires_at < self._clock.now():
            raise BadNonce("This nonce has run out; take the one of this answer.")
        return {"nonce": content[_EXPIRY_OCTETS:], "expires_at": expires_at}

    def _genuine(self, nonce: str) -> bytes:
        try:
            octets = base64url.decode(nonce)
        except JwsMalformed as error:
            raise BadNonce("This is no nonce; take the one of this answer.") from error
        content, mac = octets[:-_MAC_OCTETS], octets[-_MAC_OCTETS:]
        genuine = hmac.compare_digest(mac, self._mac(content))
        if len(content) != _EXPIRY_OCTETS + _RANDOM_OCTETS or not genuine:
            raise BadNonce("This nonce is none of ours; take the one of this answer.")
        return content

    def _mac(self, content: bytes) -> bytes:
        return hmac.new(self._key(), content, sha256).digest()[:_MAC_OCTETS]

    def _key(self) -> bytes:
        if self._known_key is None:
            self._known_key = self._stored_key() or self._make_key()
        return self._known_key

    def _stored_key(self) -> bytes | None:
        with self._database.read() as connection:
            return connection.scalar(select(nonce_keys.c.key))

    def _make_key(self) -> bytes:
        try:
            with self._database.begin() as connection:
                connection.execute(insert(nonce_keys).values(number=1, key=secrets.token_bytes(32)))
        except IntegrityError:
            pass  # another process made it
        made = self._stored_key()
        assert made is not None  # noqa: S101 - it was stored a moment ago and is never deleted
        return made


def _spend(connection: Connection, row: Mapping[str, object]) -> None:
    try:
        connection.execute(_SPEND, row)
    except IntegrityError as error:
        raise BadNonce("This nonce was used before; take the one of this answer.") from error
