"""The certificates that exist, for those who show, list or recognise them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, or_, select

from ca.models import certificates, revocations
from core.database import Database

GOOD = "good"


@dataclass(frozen=True)
class RegisteredCertificate:
    """A certificate that was issued, with its present standing.

    ``standing`` is ``good``, ``revoked`` or ``on-hold``; ``number`` orders certificates by
    when they were reserved.
    """

    number: int
    authority: str
    serial_number: int
    profile: str
    holder: str
    public_key_sha256: bytes
    not_before: datetime
    not_after: datetime
    certificate_der: bytes
    log_index: int
    standing: str
    reason: str | None
    revoked_at: datetime | None


class CertificateRegister:
    """Looks issued certificates up."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def find(
        self, serial_number: int, *, authority: str | None = None
    ) -> list[RegisteredCertificate]:
        """Return the certificates of a serial number: none, one, or one of each authority."""
        query = _ISSUED.where(certificates.c.serial_number == serial_number)
        if authority is not None:
            query = query.where(certificates.c.authority == authority)
        return self._read(query.order_by(certificates.c.authority))

    def page(
        self, *, limit: int, below: int | None = None, profile: str | None = None
    ) -> list[RegisteredCertificate]:
        """Return up to ``limit`` certificates, newest first, with a ``number`` under ``below``."""
        query = _ISSUED.order_by(certificates.c.id.desc()).limit(limit)
        if below is not None:
            query = query.where(certificates.c.id < below)
        if profile is not None:
            query = query.where(certificates.c.profile == profile)
        return self._read(query)

    def _read(self, query: Select[Any]) -> list[RegisteredCertificate]:
        with self._database.read() as connection:
            rows: Sequence[Row[Any]] = connection.execute(query).all()
        return [_registered(row) for row in rows]


_ISSUED = (
    select(
        certificates,
        revocations.c.state.label("standing"),
        revocations.c.reason,
        revocations.c.revoked_at,
    )
    .select_from(
        certificates.outerjoin(
            revocations,
            and_(
                revocations.c.authority == certificates.c.authority,
                revocations.c.serial_number == certificates.c.serial_number,
                # What was released from hold is good again.
                or_(revocations.c.state == "revoked", revocations.c.state == "on-hold"),
            ),
        )
    )
    .where(certificates.c.state == "issued")
)


def _registered(row: Row[Any]) -> RegisteredCertificate:
    return RegisteredCertificate(
        number=row.id,
        authority=row.authority,
        serial_number=row.serial_number,
        profile=row.profile,
        holder=row.holder,
        public_key_sha256=row.public_key_sha256,
        not_before=row.not_before,
        not_after=row.not_after,
        certificate_der=row.certificate_der,
        log_index=row.log_index,
        standing=row.standing or GOOD,
        reason=row.reason,
        revoked_at=row.revoked_at,
    )
