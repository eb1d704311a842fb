"""A key in escrow, and how its rows are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select

from enrollment.escrow.errors import EscrowedKeyUnknown
from enrollment.escrow.models import escrowed_keys
from enrollment.jurisdiction import NATION, Jurisdiction

# The one kind of certificate whose key may be kept: CP 4.12.1.
PROFILE = "person-mail-encryption"
ID = re.compile(r"[0-9a-f]{32}")


class Erasure(StrEnum):
    """Why a copy was erased."""

    WITHDRAWN = "withdrawn"
    UNUSED = "unused"
    EXPIRED = "expired"


@dataclass(frozen=True)
class EscrowedKey:
    """A copy of a private key that only the token helps to open; ``envelope_der`` is None once
    it was erased. ``holder`` is a principal's id.
    """

    id: str
    holder: str
    institution: str | None
    public_key_sha256: bytes
    escrow_key_id: bytes
    envelope_der: bytes | None
    consent: str
    deposited_at: datetime
    erased_at: datetime | None
    erased_because: Erasure | None
    salt: bytes


def find_escrowed_key(
    connection: Connection,
    escrowed_key_id: str,
    *,
    within: Jurisdiction = NATION,
    holder: str | None = None,
    locked: bool = False,
) -> EscrowedKey:
    """Read an escrowed key; with ``holder`` only if it is theirs. Raises EscrowedKeyUnknown."""
    query = select(escrowed_keys).where(escrowed_keys.c.id == escrowed_key_id)
    query = within.narrow(query, escrowed_keys.c.institution)
    if holder is not None:
        query = query.where(escrowed_keys.c.holder == holder)
    row = None
    if ID.fullmatch(escrowed_key_id):
        row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None:
        raise EscrowedKeyUnknown("There is no escrowed key of this id that you may see.")
    return escrowed_key_of(row)


def escrowed_key_of(row: Row[Any]) -> EscrowedKey:
    """Return the escrowed key of a row."""
    return EscrowedKey(
        id=row.id,
        holder=row.holder,
        institution=row.institution,
        public_key_sha256=row.public_key_sha256,
        escrow_key_id=row.escrow_key_id,
        envelope_der=row.envelope_der,
        consent=row.consent,
        deposited_at=row.deposited_at,
        erased_at=row.erased_at,
        erased_because=None if row.erased_because is None else Erasure(row.erased_because),
        salt=row.salt,
    )
