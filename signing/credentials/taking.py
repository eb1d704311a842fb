"""An authorization as its bearer brings it: looked up, judged, and its hashes taken."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from signing.credentials.activation_data import (
    ActivationData,
    authorized_as,
    read_activation_data,
)
from signing.credentials.credential import credential_of, credential_row
from signing.credentials.errors import NOTHING_SIGNED, HashNotAuthorized, NotAuthorized
from signing.credentials.models import activation_hashes, signature_activations
from signing.credentials.second_factor import Caller

# As many parameters as every SQLite takes in one statement (its default was 999 until 3.32).
_AT_ONCE = 500


@dataclass(frozen=True)
class OpenActivation:
    """An authorization that is open, with the row of its key."""

    data: ActivationData
    activation: Row[Any]
    credential: Row[Any]
    hashes: tuple[bytes, ...]
    certificate_sha256: bytes | None

    @property
    def bound_to(self) -> bytes:
        """What the seal has to be bound to."""
        return authorized_as(
            activation_id=self.activation.id,
            credential_id=self.credential.id,
            key_id=self.credential.key_id,
            client=self.activation.client,
            digest_algorithm=self.activation.digest_algorithm,
            hashes=self.hashes,
            expires_at=self.activation.expires_at,
            certificate_sha256=self.certificate_sha256,
        )


def find_open(
    connection: Connection,
    sad: str,
    *,
    credential_id: str,
    caller: Caller | None,
    now: datetime,
    lock: bool = True,
) -> OpenActivation:
    """Return the open authorization of a SAD, ``lock``ed until the transaction ends.

    Raises NotAuthorized, CredentialLocked and CredentialStateRefused.
    """
    data = read_activation_data(sad)
    row = None
    if data is not None:
        query = select(signature_activations).where(
            signature_activations.c.id == data.activation_id
        )
        row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if data is None or row is None or not data.is_of(row.secret_sha256):
        raise _refused("This authorization (SAD) is unknown.")
    if row.credential != credential_id:
        raise _refused("This authorization (SAD) is for another key.")
    if row.client != (None if caller is None else caller.client):
        raise _refused("This authorization (SAD) was given to another program.")
    if row.certificate_sha256 is not None and (
        caller is None or row.certificate_sha256 != caller.certificate_sha256
    ):
        raise _refused("This authorization (SAD) is bound to another certificate.")
    if row.expires_at <= now:
        raise _refused("The time of this authorization (SAD) is over.")
    key = credential_row(connection, row.credential)
    credential_of(key).check_active()
    if row.sealed_key is None:
        raise _refused("This authorization (SAD) was used up, or ended when its key was changed.")
    hashes = _hashes_of(connection, row.id)
    return OpenActivation(data, row, key, hashes, row.certificate_sha256)


@dataclass(frozen=True)
class Bearer:
    """Which key a SAD opens, for which program, with which certificate of it alone."""

    credential_id: str
    client: str | None
    certificate_sha256: bytes | None


def bearer_of(connection: Connection, sad: str, *, now: datetime) -> Bearer | None:
    """Return what a SAD is for whose time is not over, None for what is none."""
    data = read_activation_data(sad)
    if data is None:
        return None
    row = connection.execute(
        select(signature_activations).where(signature_activations.c.id == data.activation_id)
    ).one_or_none()
    if row is None or not data.is_of(row.secret_sha256) or row.expires_at <= now:
        return None
    return Bearer(row.credential, row.client, row.certificate_sha256)


def take(
    connection: Connection, found: OpenActivation, hashes: Sequence[bytes], *, now: datetime
) -> None:
    """Use hashes of an authorization up; with the last one its key is erased.

    Raises HashNotAuthorized, for which the transaction has to be given up.
    """
    # A hash that stands twice in the request is marked once.
    if _mark(connection, found.activation.id, hashes, taken_at=now) != len(hashes):
        raise hash_not_authorized()
    left = connection.scalar(
        select(func.count())
        .select_from(activation_hashes)
        .where(
            activation_hashes.c.activation == found.activation.id,
            activation_hashes.c.taken_at.is_(None),
        )
    )
    if not left:
        connection.execute(
            update(signature_activations)
            .where(signature_activations.c.id == found.activation.id)
            .values(sealed_key=None)
        )


def note_signed(
    connection: Connection, activation_id: str, hashes: Collection[bytes], *, now: datetime
) -> None:
    """Write down that hashes which were taken are signed."""
    for some in _portions(list(hashes)):
        connection.execute(
            update(activation_hashes)
            .where(
                activation_hashes.c.activation == activation_id, activation_hashes.c.hash.in_(some)
            )
            .values(signed_at=now)
        )


def untaken(connection: Connection, activation_id: str) -> list[bytes]:
    """Return the hashes of an authorization that may still be signed, in their order."""
    return list(
        connection.execute(
            select(activation_hashes.c.hash)
            .where(
                activation_hashes.c.activation == activation_id,
                activation_hashes.c.taken_at.is_(None),
            )
            .order_by(activation_hashes.c.place)
        ).scalars()
    )


def _mark(
    connection: Connection, activation_id: str, hashes: Sequence[bytes], *, taken_at: datetime
) -> int:
    return sum(
        connection.execute(
            update(activation_hashes)
            .where(
                activation_hashes.c.activation == activation_id,
                activation_hashes.c.hash.in_(some),
                activation_hashes.c.taken_at.is_(None),
            )
            .values(taken_at=taken_at)
        ).rowcount
        for some in _portions(hashes)
    )


def _hashes_of(connection: Connection, activation_id: str) -> tuple[bytes, ...]:
    return tuple(
        connection.execute(
            select(activation_hashes.c.hash)
            .where(activation_hashes.c.activation == activation_id)
            .order_by(activation_hashes.c.place)
        ).scalars()
    )


def _portions(hashes: Sequence[bytes]) -> list[Sequence[bytes]]:
    return [hashes[start : start + _AT_ONCE] for start in range(0, len(hashes), _AT_ONCE)]


def hash_not_authorized() -> HashNotAuthorized:
    """Return the refusal, in the words of the CSC API."""
    return HashNotAuthorized(
        "Hash is not authorized by the SAD, or was signed under it before.", kept=NOTHING_SIGNED
    )


def _refused(detail: str) -> NotAuthorized:
    return NotAuthorized(detail, kept=NOTHING_SIGNED)
