"""A credential: a holder's key as it stands, and how its row is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from cryptography.hazmat.primitives.serialization import load_der_public_key
from sqlalchemy import Connection, Row, select

from core.canonical_json import canonical_json
from hsm.digests import SCHEMES, SignatureScheme
from hsm.key_encryption import WrappedKey
from hsm.keys import KeyAlgorithm, PublicKey
from signing.credentials.errors import CredentialLocked, CredentialStateRefused, CredentialUnknown
from signing.credentials.models import signing_credentials
from signing.credentials.pins import Stretching
from signing.credentials.sealing import PinSeal


class HolderKind(StrEnum):
    """Whose key it is: a natural person's signs, an organization's seals."""

    PERSON = "person"
    ORGANIZATION = "organization"


@dataclass(frozen=True)
class Holder:
    """Whose key it is. ``id``: a person's principal, or an institution."""

    kind: HolderKind
    id: str


class CredentialState(StrEnum):
    """active ⇄ suspended; active → locked → active, by an officer; any of them → destroyed."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    LOCKED = "locked"
    DESTROYED = "destroyed"


@dataclass(frozen=True)
class Credential:
    """A signing key. ``authority`` and ``serial_number`` name its certificate, once there is one.

    ``salt`` opens what the transparency log says of it.
    """

    id: str
    holder: Holder
    label: str
    algorithm: KeyAlgorithm
    key_id: bytes
    public_key_der: bytes
    provenance: Mapping[str, object]
    state: CredentialState
    authority: str | None
    serial_number: int | None
    made_at: datetime
    salt: bytes
    log_index: int

    @property
    def public_key(self) -> PublicKey:
        """The public half."""
        return cast(PublicKey, load_der_public_key(self.public_key_der))

    @property
    def schemes(self) -> tuple[SignatureScheme, ...]:
        """How it signs digests."""
        return SCHEMES[self.algorithm]

    def check_active(self) -> None:
        """Let an active key pass. Raises CredentialLocked or CredentialStateRefused."""
        if self.state is CredentialState.LOCKED:
            raise locked()
        if self.state is not CredentialState.ACTIVE:
            raise CredentialStateRefused(
                f"The signing key is {self.state}.",
                kept="Nothing was signed.",
                state=str(self.state),
            )


def locked() -> CredentialLocked:
    """Return the refusal of a locked key, whatever PIN came."""
    return CredentialLocked(
        "Too many wrong PINs came. An officer can open the key again; for a key of your own, so "
        "can you under “My signing keys”.",
        kept="Nothing was signed.",
    )


def credential_row(
    connection: Connection, credential_id: str, *, holder: Holder | None = None, lock: bool = False
) -> Row[Any]:
    """Read a row, ``lock``ed until the transaction ends. Raises CredentialUnknown."""
    query = select(signing_credentials).where(signing_credentials.c.id == credential_id)
    if holder is not None:
        query = query.where(
            signing_credentials.c.holder_kind == holder.kind,
            signing_credentials.c.holder == holder.id,
        )
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise CredentialUnknown("There is no signing key of this id.")
    return row


def credential_of(row: Row[Any]) -> Credential:
    """Return the credential of a row."""
    return Credential(
        id=row.id,
        holder=Holder(HolderKind(row.holder_kind), row.holder),
        label=row.label,
        algorithm=KeyAlgorithm(row.algorithm),
        key_id=row.key_id,
        public_key_der=row.public_key_der,
        provenance=row.provenance,
        state=CredentialState(row.state),
        authority=row.authority,
        serial_number=row.serial_number,
        made_at=row.made_at,
        salt=row.salt,
        log_index=row.log_index,
    )


def pin_seal_of(row: Row[Any]) -> PinSeal:
    """Return the seal of a row that is not destroyed."""
    stretching = Stretching(row.pin_memory_kibibytes, row.pin_passes, row.pin_lanes)
    return PinSeal(row.pin_salt, stretching, row.sealed_key)


def wrapped_key_of(row: Row[Any], blob: bytes) -> WrappedKey:
    """Return the wrapped key that was sealed in a row."""
    return WrappedKey(
        key_id=row.key_id,
        algorithm=KeyAlgorithm(row.algorithm),
        kek_id=row.kek_id,
        mechanism=row.mechanism,
        blob=blob,
    )


def sealed_as(credential_id: str, holder: Holder, wrapped: WrappedKey, token: str) -> bytes:
    """Return what a seal under a PIN is bound to: whose key it is, and how it is wrapped."""
    return canonical_json(
        {
            "algorithm": str(wrapped.algorithm),
            "credential": credential_id,
            "holder": [str(holder.kind), holder.id],
            "kek": wrapped.kek_id.hex(),
            "key": wrapped.key_id.hex(),
            "mechanism": wrapped.mechanism,
            "token": token,
        }
    )


def row_sealed_as(row: Row[Any]) -> bytes:
    """Return what the seal of a row has to be bound to."""
    holder = Holder(HolderKind(row.holder_kind), row.holder)
    return sealed_as(row.id, holder, wrapped_key_of(row, b""), row.token)
