"""Keys outside their token, wrapped: for backup, or because there are too many to keep inside.

A key that is kept in the database is unwrapped in the token for each use, and destroyed there
after it (:mod:`hsm.key_encryption`).
"""

from __future__ import annotations

import contextlib
import secrets

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from hsm import models
from hsm.errors import KeyNotFound, KeyNotWrappable
from hsm.generation import generate_pair, provenance_of
from hsm.key_encryption import WrappedKey, make_kek, unwrap, wrap
from hsm.keys import KeyAlgorithm, KeyPolicy, KeyRecord, PublicKey, key_id_of
from hsm.registry import KeyRegistry
from hsm.sessions import Worker
from hsm.tokens import Tokens

_KEK_ID_OCTETS = 32


class WrappedKeys:
    """Makes, keeps and uses wrapped keys."""

    def __init__(
        self, *, database: Database, clock: Clock, tokens: Tokens, registry: KeyRegistry
    ) -> None:
        self._database = database
        self._clock = clock
        self._tokens = tokens
        self._registry = registry

    def generate(self, *, token: str, label: str, algorithm: KeyAlgorithm) -> KeyRecord:
        """Make a key that is kept in the database alone, wrapped; pre-active.

        Raises AlgorithmNotOffered, TokenUnavailable, SettingsRefused.
        """
        kek_id = self.kek_of(token)

        def make(worker: Worker) -> tuple[PublicKey, dict[str, object], WrappedKey]:
            public_key, private = generate_pair(
                worker, algorithm=algorithm, label=label, stored=False, extractable=True
            )
            try:
                wrapped = wrap(
                    worker,
                    kek_id=kek_id,
                    key_id=key_id_of(public_key),
                    algorithm=algorithm,
                    private=private,
                )
                return public_key, provenance_of(worker, algorithm, private), wrapped
            finally:
                private.destroy()

        public_key, provenance, wrapped = self._tokens.use(token, make)
        with self._database.begin() as connection:
            record = self._registry.add(
                connection,
                public_key=public_key,
                token=token,
                label=label,
                algorithm=algorithm,
                policy=KeyPolicy(may_be_wrapped=True),
                kept_in="database",
                provenance=provenance,
            )
            self._keep(connection, wrapped)
        return record

    def back_up(self, record: KeyRecord) -> WrappedKey:
        """Wrap a key that stays in its token, and keep the blob; done before is done.

        Raises KeyNotWrappable when its policy forbids it, KeyNotFound, TokenUnavailable.
        """
        if not record.policy.may_be_wrapped:
            raise KeyNotWrappable(
                "This key was made never to leave its token.", key_id=record.key_id.hex()
            )
        with contextlib.suppress(KeyNotFound):
            return self.get(record.key_id)
        kek_id = self.kek_of(record.token)
        wrapped = self._tokens.use(
            record.token,
            lambda worker: wrap(
                worker,
                kek_id=kek_id,
                key_id=record.key_id,
                algorithm=record.algorithm,
                private=worker.private_key(record.key_id),
            ),
        )
        # Another process may have been quicker; its blob is as good.
        with contextlib.suppress(IntegrityError), self._database.begin() as connection:
            self._keep(connection, wrapped)
        return self.get(record.key_id)

    def restore(self, record: KeyRecord) -> None:
        """Unwrap a backed-up key into its token again, not EXTRACTABLE this time.

        Raises KeyNotFound when there is no backup, WrappedKeyDamaged, TokenUnavailable.
        """
        wrapped = self.get(record.key_id)

        self._tokens.use(
            record.token,
            lambda worker: unwrap(worker, wrapped, stored=True, label=record.label),
            writing=True,
        )

    def get(self, key_id: bytes) -> WrappedKey:
        """Return a wrapped key as it stands in the database. Raises KeyNotFound."""
        query = (
            select(models.wrapped_keys, models.keys.c.algorithm)
            .join(models.keys, models.keys.c.key_id == models.wrapped_keys.c.key_id)
            .where(models.wrapped_keys.c.key_id == key_id)
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise KeyNotFound("No wrapped key of this name is kept.", key_id=key_id.hex())
        return WrappedKey(
            key_id=key_id,
            algorithm=KeyAlgorithm(row.algorithm),
            kek_id=row.kek_id,
            mechanism=row.mechanism,
            blob=row.blob,
        )

    def erase(self, connection: Connection, key_id: bytes) -> None:
        """Drop the blob of a key that is destroyed."""
        connection.execute(
            models.wrapped_keys.delete().where(models.wrapped_keys.c.key_id == key_id)
        )

    def kek_of(self, token: str) -> bytes:
        """Return the name of the token's newest key-encryption key, made if there is none.

        Raises TokenUnavailable or SettingsRefused.
        """
        table = models.key_encryption_keys
        with self._database.read() as connection:
            kek_id: bytes | None = connection.execute(
                select(table.c.kek_id)
                .where(table.c.token == token)
                .order_by(table.c.created_at.desc())
                .limit(1)
            ).scalar_one_or_none()
        if kek_id is not None:
            return kek_id
        made = secrets.token_bytes(_KEK_ID_OCTETS)
        self._tokens.check(token)
        self._tokens.use(token, lambda worker: make_kek(worker, made), writing=True)
        with self._database.begin() as connection:
            connection.execute(
                insert(table).values(kek_id=made, token=token, created_at=self._clock.now())
            )
        return made

    def _keep(self, connection: Connection, wrapped: WrappedKey) -> None:
        connection.execute(
            insert(models.wrapped_keys).values(
                key_id=wrapped.key_id,
                kek_id=wrapped.kek_id,
                mechanism=wrapped.mechanism,
                blob=wrapped.blob,
                wrapped_at=self._clock.now(),
            )
        )
