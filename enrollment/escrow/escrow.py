"""Take copies of keys, show them to their holders, and erase them. CP 4.12.1."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from ca.csr import VerifiedCsr
from core.clock import Clock
from core.database import Database
from core.idempotency import new_act_id
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.escrow.errors import NotEscrowable
from enrollment.escrow.escrowed_key import (
    PROFILE,
    Erasure,
    EscrowedKey,
    escrowed_key_of,
    find_escrowed_key,
)
from enrollment.escrow.keys import EscrowKeys
from enrollment.escrow.models import escrowed_keys
from hsm.enveloped_data import read_envelope
from hsm.errors import KeyNotFound

# The PKCS #8 of an RSA key of 4096 bits is 2,400 octets.
MOST_OCTETS = 8 * 1024


class Escrow:
    """Takes and erases copies of keys; each act is logged."""

    def __init__(
        self, *, database: Database, log: TransparencyLog, keys: EscrowKeys, clock: Clock
    ) -> None:
        self._database = database
        self._log = log
        self._keys = keys
        self._clock = clock

    def deposit(
        self,
        envelope_der: bytes,
        *,
        profile: str,
        csr: VerifiedCsr,
        holder: str,
        institution: str | None,
        consent: str,
    ) -> EscrowedKey:
        """Keep a copy of the private key of ``csr``; again, it changes nothing.

        What is checked: the kind of certificate, the message's form, and that it is for an escrow
        key of ours. Whether it holds the private key is seen at a recovery alone. Raises
        EnvelopeMalformed, NotEscrowable.
        """
        if profile != PROFILE:
            raise NotEscrowable("Only keys for decrypting mail are escrowed.", profile=profile)
        if len(envelope_der) > MOST_OCTETS:
            raise NotEscrowable(f"At most {MOST_OCTETS} octets are kept of a key.")
        escrow_key_id = read_envelope(envelope_der).recipient_id
        self._check_ours(escrow_key_id)
        row: dict[str, object] = {
            "id": new_act_id(self._clock.now()),
            "holder": holder,
            "institution": institution,
            "profile": profile,
            "public_key_sha256": csr.public_key_sha256,
            "escrow_key_id": escrow_key_id,
            "envelope_der": envelope_der,
            "consent": consent,
        }
        try:
            return self._store(row)
        except IntegrityError:
            # The form was sent twice.
            return self._find_by_key(csr.public_key_sha256, holder)

    def of_holder(self, holder: str) -> Sequence[EscrowedKey]:
        """Return the holder's keys in escrow, newest first, erased ones too."""
        query = select(escrowed_keys).where(escrowed_keys.c.holder == holder)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(escrowed_keys.c.deposited_at.desc()))
            return [escrowed_key_of(row) for row in rows]

    def withdraw(self, escrowed_key_id: str, *, holder: str) -> EscrowedKey:
        """Erase a copy because its holder wants it; again, it changes nothing.

        A recovery that runs ends with it. Raises EscrowedKeyUnknown.
        """
        with self._database.begin() as connection:
            found = find_escrowed_key(connection, escrowed_key_id, holder=holder, locked=True)
            self.erase(connection, found, Erasure.WITHDRAWN)
            return find_escrowed_key(connection, escrowed_key_id)

    def erase(self, connection: Connection, key: EscrowedKey, because: Erasure) -> None:
        """Erase a copy within the caller's transaction; one erased before stays as it is."""
        if key.envelope_der is None:
            return
        now = self._clock.now()
        facts: dict[str, JsonValue] = {"because": str(because), "escrowed_key": key.id}
        self._log.append(connection, [LogEntry("escrowed-key-erased", now, facts)])
        connection.execute(
            update(escrowed_keys)
            .where(escrowed_keys.c.id == key.id)
            .values(envelope_der=None, erased_at=now, erased_because=because)
        )

    def _check_ours(self, escrow_key_id: bytes) -> None:
        try:
            # An older one too: a page may have been open while the key changed.
            self._keys.find(escrow_key_id)
        except KeyNotFound:
            raise NotEscrowable(
                "The copy is encrypted to a key that is not ours. Create the key once more."
            ) from None

    def _store(self, row: dict[str, object]) -> EscrowedKey:
        now, salt = self._clock.now(), new_salt()
        with self._database.begin() as connection:
            index = self._note(connection, row, now, salt)
            connection.execute(
                insert(escrowed_keys).values(**row, deposited_at=now, salt=salt, log_index=index)
            )
            return find_escrowed_key(connection, str(row["id"]))

    def _note(
        self, connection: Connection, row: dict[str, object], now: datetime, salt: bytes
    ) -> int:
        holder = commitment(salt, str(row["holder"]).encode())
        facts: dict[str, JsonValue] = {
            "consent": str(row["consent"]),
            "escrowed_key": str(row["id"]),
            "holder": holder,
            "profile": str(row["profile"]),
        }
        [index] = self._log.append(connection, [LogEntry("key-escrowed", now, facts)])
        return index

    def _find_by_key(self, public_key_sha256: bytes, holder: str) -> EscrowedKey:
        query = select(escrowed_keys).where(
            escrowed_keys.c.public_key_sha256 == public_key_sha256,
            escrowed_keys.c.holder == holder,
        )
        with self._database.read() as connection:
            return escrowed_key_of(connection.execute(query).one())
