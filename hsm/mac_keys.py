"""Secret keys that compute MACs in a token: HMAC with SHA-256 (RFC 2104, FIPS 198-1).

Such a key never leaves its token, not even wrapped: what is derived with it ends when the token
is lost, and is made again under another.
"""

from __future__ import annotations

import contextlib
import secrets
from typing import Any

from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.exceptions import NoSuchKey
from sqlalchemy import Row, insert, select
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError
from hsm.models import mac_keys
from hsm.sessions import Worker
from hsm.tokens import Tokens

MAC_KEY_BITS = 256
MAC_KEY_LABEL = "camtrust MAC key"
_ID_OCTETS = 32


class Pkcs11MacKey:
    """A MAC key in a token, ready for use in any thread."""

    def __init__(self, *, mac_key_id: bytes, token: str, tokens: Tokens) -> None:
        self._mac_key_id = mac_key_id
        self._token = token
        self._tokens = tokens

    def mac(self, message: bytes) -> bytes:
        """Return the 32 octets of the MAC. Raises KeyNotFound or TokenUnavailable."""
        return self._tokens.use(
            self._token,
            lambda worker: bytes(
                worker.secret_key(self._mac_key_id).sign(message, mechanism=Mechanism.SHA256_HMAC)
            ),
        )


class MacKeys:
    """Makes and finds MAC keys by their names."""

    def __init__(self, *, database: Database, clock: Clock, tokens: Tokens) -> None:
        self._database = database
        self._clock = clock
        self._tokens = tokens

    def get(self, name: str, *, token: str) -> Pkcs11MacKey:
        """Return the key of ``name``, made in ``token`` if there is none.

        Raises TokenUnavailable or SettingsRefused.
        """
        row = self._row(name) or self._make(name, token)
        return Pkcs11MacKey(mac_key_id=row.mac_key_id, token=row.token, tokens=self._tokens)

    def _row(self, name: str) -> Row[Any, Any] | None:
        query = select(mac_keys.c.mac_key_id, mac_keys.c.token).where(mac_keys.c.name == name)
        with self._database.read() as connection:
            return connection.execute(query).one_or_none()

    def _make(self, name: str, token: str) -> Row[Any, Any]:
        made = secrets.token_bytes(_ID_OCTETS)
        # A token in which a key is made has a canary from then on.
        self._tokens.check(token)
        self._tokens.use(token, lambda worker: _generate(worker, made), writing=True)
        values = {"name": name, "mac_key_id": made, "token": token, "created_at": self._clock.now()}
        try:
            with self._database.begin() as connection:
                connection.execute(insert(mac_keys).values(**values))
        except Exception as error:
            # Nothing names the key that was made; another process may have been quicker.
            with contextlib.suppress(CamtrustError):
                self._tokens.use(token, lambda worker: _erase(worker, made), writing=True)
            if not isinstance(error, IntegrityError):
                raise
        row = self._row(name)
        assert row is not None  # noqa: S101 - it was inserted here or by another
        return row


def _generate(worker: Worker, mac_key_id: bytes) -> None:
    worker.session.generate_key(
        KeyType.GENERIC_SECRET,
        MAC_KEY_BITS,
        id=mac_key_id,
        label=MAC_KEY_LABEL,
        store=True,
        # And so not ENCRYPT, DECRYPT, WRAP or DERIVE.
        capabilities=MechanismFlag.SIGN,
        template={
            Attribute.PRIVATE: True,
            Attribute.SENSITIVE: True,
            Attribute.EXTRACTABLE: False,
            Attribute.MODIFIABLE: False,
        },
    )


def _erase(worker: Worker, mac_key_id: bytes) -> None:
    with contextlib.suppress(NoSuchKey):
        worker.find(ObjectClass.SECRET_KEY, mac_key_id).destroy()
