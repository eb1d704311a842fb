"""The certificates that exist, for those who show, list or recognise them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, or_, select

from ca.models import certificates, revocations
from core.database import Database

GOOD = "good"


@dataclass(frozen=True)
class RegisteredCertificate:
    """A certificate that was issued, with its present standing.

    ``standing`` is ``good``, ``revoked`` or ``on-hold``; ``number`` orders certificates by
    when they were reserved. ``reference`` is what it was issued for, ``application:…``.
    """

    number: int
    authority: str
    serial_number: int
    profile: str
    holder: str
    institution: str | None
    reference: str | None
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
        with self._database.read() as connection:
            found = connection.execute(_BY_SERIAL, {"wanted": serial_number}).all()
        return [registered(one) for one in found if authority in {None, one.authority}]

    def institutions_of(
        self, serials: Collection[tuple[str, int]]
    ) -> dict[tuple[str, int], str | None]:
        """Return whose officers answer for each certificate of an authority and serial number."""
        query = select(
            certificates.c.authority, certificates.c.serial_number, certificates.c.institution
        ).where(certificates.c.serial_number.in_({number for _, number in serials}))
        with self._database.read() as connection:
            return {(one[0], one[1]): one[2] for one in connection.execute(query)}

    def issued_for(self, reference: str) -> RegisteredCertificate | None:
        """Return the certificate that a request with this reference got, None for none."""
        found = self._read(ISSUED.where(certificates.c.reference == reference))
        return found[0] if found else None

    def page(
        self, *, limit: int, below: int | None = None, profile: str | None = None
    ) -> list[RegisteredCertificate]:
        """Return up to ``limit`` certificates, newest first, with a ``number`` under ``below``."""
        query = ISSUED.order_by(certificates.c.id.desc()).limit(limit)
        if below is not None:
            query = query.where(certificates.c.id < below)
        if profile is not None:
            query = query.where(certificates.c.profile == profile)
        return self._read(query)

    def of_key(self, public_key_sha256: bytes) -> list[RegisteredCertificate]:
        """Return the certificates of a public key, oldest first."""
        query = ISSUED.where(certificates.c.public_key_sha256 == public_key_sha256)
        return self._read(query.order_by(certificates.c.id))

    def of_holder(self, holder: str, *, profile: str, limit: int) -> list[RegisteredCertificate]:
        """Return up to ``limit`` certificates of a holder, newest first."""
        query = ISSUED.where(certificates.c.holder == holder, certificates.c.profile == profile)
        return self._read(query.order_by(certificates.c.id.desc()).limit(limit))

    def _read(self, query: Select[Any]) -> list[RegisteredCertificate]:
        with self._database.read() as connection:
            rows: Sequence[Row[Any]] = connection.execute(query).all()
        return [registered(row) for row in rows]


# The certificates that were issued, with their standing; None stands for good.
ISSUED = (
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

# Asked at every delivery: built once.
_BY_SERIAL = ISSUED.where(certificates.c.serial_number == bindparam("wanted")).order_by(
    certificates.c.authority
)
_ONE = ISSUED.where(
    certificates.c.authority == bindparam("wanted_authority"),
    certificates.c.serial_number == bindparam("wanted"),
)


def find_registered(
    connection: Connection, authority: str, serial_number: int
) -> RegisteredCertificate | None:
    """Return the certificate of an authority and serial number, None where none was issued."""
    asked = {"wanted_authority": authority, "wanted": serial_number}
    row = connection.execute(_ONE, asked).one_or_none()
    return None if row is None else registered(row)


def registered(row: Row[Any]) -> RegisteredCertificate:
    """Return the certificate of a row of ``ISSUED``."""
    return RegisteredCertificate(
        number=row.id,
        authority=row.authority,
        serial_number=row.serial_number,
        profile=row.profile,
        holder=row.holder,
        institution=row.institution,
        reference=row.reference,
        public_key_sha256=row.public_key_sha256,
        not_before=row.not_before,
        not_after=row.not_after,
        certificate_der=row.certificate_der,
        log_index=row.log_index,
        standing=row.standing or GOOD,
        reason=row.reason,
        revoked_at=row.revoked_at,
    )
