"""A passkey and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row
from webauthn.helpers.cose import COSEAlgorithmIdentifier

# Those that every authenticator in use has, strongest first.
ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]


class PasskeyState(StrEnum):
    """An officer's passkey is proposed until another person confirms it."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    REMOVED = "removed"


@dataclass(frozen=True)
class Passkey:
    """A passkey as its holder sees it; ``name`` is the holder's own word for it."""

    id: str
    principal: str
    name: str
    state: PasskeyState
    registered_at: datetime
    last_used_at: datetime | None
    credential_id: bytes
    transports: tuple[str, ...]


def passkey_of(row: Row[Any]) -> Passkey:
    """Return the passkey of a row."""
    return Passkey(
        id=row.id,
        principal=row.principal,
        name=row.name,
        state=PasskeyState(row.state),
        registered_at=row.registered_at,
        last_used_at=row.last_used_at,
        credential_id=row.credential_id,
        transports=tuple(row.transports),
    )
