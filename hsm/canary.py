"""The canary: a key in each token that signs, and whose signature is verified, to see it alive.

A token whose storage vanished still lets a session open and a search succeed with nothing
found. Only a key that must be there tells "the key is absent" from "the token is".
"""

from __future__ import annotations

import secrets
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from pkcs11 import ObjectClass
from pkcs11.exceptions import NoSuchKey
from sqlalchemy import Row, delete, insert, select
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from hsm import models
from hsm.algorithms import TOKEN_ALGORITHMS
from hsm.errors import TokenUnavailable
from hsm.generation import generate_pair
from hsm.keys import KeyAlgorithm, key_id_of
from hsm.sessions import TokenSessions, Worker

CANARY_LABEL = "camtrust canary"
_CHALLENGE_OCTETS = 32
_TRAITS = TOKEN_ALGORITHMS[KeyAlgorithm.EC_P256]


class Canaries:
    """Makes and asks the canaries; each token has one."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def check(self, sessions: TokenSessions) -> None:
        """Have the token's canary sign, and verify it; make the canary if there never was one.

        Raises TokenUnavailable, WrongPin or PinMissing.
        """
        row = self._row(sessions.name) or self.make(sessions)
        if self._sings(sessions, row):
            return
        if not sessions.restart() or not self._sings(sessions, row):
            raise _silent(sessions.name)

    def is_heard(self, sessions: TokenSessions) -> bool:
        """Tell whether the token's canary signs now; a token without a canary counts as heard."""
        row = self._row(sessions.name)
        return row is None or self._sings(sessions, row)

    def make(self, sessions: TokenSessions) -> Row[Any]:
        """Make the token's canary; of two processes that try at once, one gives way."""
        key_id, der = sessions.run(_generate, writing=True)
        try:
            with self._database.begin() as connection:
                connection.execute(
                    insert(models.canaries).values(
                        token=sessions.name,
                        key_id=key_id,
                        public_key_der=der,
                        created_at=self._clock.now(),
                    )
                )
        except IntegrityError:
            sessions.run(lambda worker: _erase(worker, key_id), writing=True)
        row = self._row(sessions.name)
        assert row is not None  # noqa: S101 - ours, or the one that ours gave way to
        return row

    def renew(self, sessions: TokenSessions) -> None:
        """Make a new canary, for a token that was replaced: the old one cannot sign again."""
        with self._database.begin() as connection:
            connection.execute(
                delete(models.canaries).where(models.canaries.c.token == sessions.name)
            )
        self.make(sessions)

    def _row(self, token: str) -> Row[Any] | None:
        with self._database.read() as connection:
            return connection.execute(
                select(models.canaries).where(models.canaries.c.token == token)
            ).one_or_none()

    def _sings(self, sessions: TokenSessions, row: Row[Any]) -> bool:
        challenge = secrets.token_bytes(_CHALLENGE_OCTETS)
        key_id: bytes = row.key_id
        try:
            signature = sessions.run(
                lambda worker: _TRAITS.signature(worker.private_key(key_id), challenge)
            )
        except NoSuchKey:
            return False
        public_key = load_der_public_key(row.public_key_der)
        if not isinstance(public_key, EllipticCurvePublicKey):
            return False
        try:
            public_key.verify(signature, challenge, ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


def _generate(worker: Worker) -> tuple[bytes, bytes]:
    public_key, _ = generate_pair(
        worker, algorithm=KeyAlgorithm.EC_P256, label=CANARY_LABEL, stored=True, extractable=False
    )
    der = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return key_id_of(public_key), der


def _erase(worker: Worker, key_id: bytes) -> None:
    for half in (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY):
        worker.find(half, key_id).destroy()


def _silent(token: str) -> TokenUnavailable:
    return TokenUnavailable(
        f"The token {token} answers, but its canary key does not sign: it is empty or another one.",
        kept="Nothing was signed.",
        token=token,
    )
