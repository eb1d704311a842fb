"""What is known of certificates' standing, for those who answer for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select

from ca.models import certificates, revocations
from ca.revocation.reasons import RevocationReason
from ca.revocation.standing import Standing
from core.database import Database
from core.transparency.tree_store import read_tree


@dataclass(frozen=True)
class CertificateStatus:
    """The standing of one serial number that was issued, or that is revoked.

    ``reason`` and ``revoked_at`` are set while the certificate is revoked or on hold;
    ``invalidity_date``, where somebody gave one, in the answers of ``statuses``.
    """

    serial_number: int
    not_after: datetime
    reason: RevocationReason | None = None
    revoked_at: datetime | None = None
    invalidity_date: datetime | None = None

    @property
    def is_good(self) -> bool:
        """Tell whether nothing stands against the certificate."""
        return self.reason is None


@dataclass(frozen=True)
class HeldCertificate:
    """A certificate of ours, as its holder would show it."""

    serial_number: int
    key_id: bytes
    not_before: datetime
    not_after: datetime
    certificate_der: bytes


@dataclass(frozen=True)
class StatusPage:
    """Standings in the order of their serial numbers.

    ``log_size`` is the transparency log's before they were read: whatever changed until then is
    in them. ``last`` is the serial number up to which all was looked at; None for to the end.
    """

    log_size: int
    statuses: tuple[CertificateStatus, ...]
    last: int | None


class StatusDirectory:
    """Looks standings up."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def statuses(
        self, authority: str, serial_numbers: Iterable[int], *, without: Collection[str] = ()
    ) -> dict[int, CertificateStatus]:
        """Return the standing of each serial number that may be answered for.

        ``without`` are profiles whose certificates are left out.

        Left out is what was never issued: unknown serial numbers, and those that are only
        reserved. An abandoned one is revoked, and says so: somebody may hold its certificate.
        """
        query = (
            select(
                certificates.c.serial_number,
                certificates.c.state.label("stage"),
                certificates.c.not_after,
                certificates.c.log_index,
                revocations.c.state,
                revocations.c.reason,
                revocations.c.revoked_at,
                revocations.c.invalidity_date,
            )
            .select_from(certificates.outerjoin(revocations, _SAME_CERTIFICATE))
            .where(
                certificates.c.authority == authority,
                certificates.c.serial_number.in_(sorted(set(serial_numbers))),
                certificates.c.profile.not_in(without),
            )
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        found = (_status_of(row, row) for row in rows)
        return {one.serial_number: one for one in found if one is not None}

    def page(
        self,
        authority: str,
        *,
        after: int,
        up_to: int,
        limit: int,
        expiring_after: datetime | None = None,
        without: Collection[str] = (),
    ) -> StatusPage:
        """Return the standings of up to ``limit`` serial numbers in ``(after, up_to]``.

        The same that :meth:`statuses` returns, without what expired until ``expiring_after`` and
        without the profiles ``without``. Memory is used for one page, whatever the table's size.
        """
        query = select(
            certificates.c.serial_number,
            certificates.c.state.label("stage"),
            certificates.c.not_after,
        ).where(
            certificates.c.authority == authority,
            certificates.c.serial_number > after,
            certificates.c.serial_number <= up_to,
            certificates.c.state != "reserved",
            certificates.c.profile.not_in(without),
        )
        if expiring_after is not None:
            query = query.where(certificates.c.not_after > expiring_after)
        with self._database.read() as connection:
            # First: PostgreSQL shows each statement what was committed before it.
            size = read_tree(connection).size
            rows = connection.execute(
                query.order_by(certificates.c.serial_number).limit(limit)
            ).all()
            against = _standings_between(connection, authority, rows)
        found = (_status_of(row, against.get(row.serial_number)) for row in rows)
        return StatusPage(
            log_size=size,
            statuses=tuple(one for one in found if one is not None),
            last=rows[-1].serial_number if len(rows) == limit else None,
        )

    def good_certificates_of(self, holder: str, *, at: datetime) -> list[HeldCertificate]:
        """Return the issued certificates of a holder that are valid and good, newest first."""
        query = (
            select(certificates)
            .select_from(certificates.outerjoin(revocations, _SAME_CERTIFICATE))
            .where(
                certificates.c.holder == holder,
                certificates.c.state == "issued",
                certificates.c.not_before <= at,
                certificates.c.not_after > at,
                (revocations.c.state.is_(None)) | (revocations.c.state == Standing.RELEASED),
            )
            .order_by(certificates.c.id.desc())
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [
            HeldCertificate(
                serial_number=row.serial_number,
                key_id=row.public_key_sha256,
                not_before=row.not_before,
                not_after=row.not_after,
                certificate_der=row.certificate_der,
            )
            for row in rows
        ]


_SAME_CERTIFICATE = and_(
    revocations.c.authority == certificates.c.authority,
    revocations.c.serial_number == certificates.c.serial_number,
)


def _standings_between(
    connection: Connection, authority: str, rows: Sequence[Any]
) -> dict[int, Any]:
    # By the primary key's order, whatever a planner without statistics thinks of a join.
    if not rows:
        return {}
    found = connection.execute(
        select(
            revocations.c.serial_number,
            revocations.c.state,
            revocations.c.reason,
            revocations.c.revoked_at,
        ).where(
            revocations.c.authority == authority,
            revocations.c.serial_number.between(rows[0].serial_number, rows[-1].serial_number),
        )
    )
    return {row.serial_number: row for row in found}


def _status_of(row: Any, against: Any) -> CertificateStatus | None:
    stands_against_it = against is not None and against.state in _AGAINST
    if row.stage == "reserved" or (row.stage == "abandoned" and not stands_against_it):
        return None
    if against is None or not stands_against_it:
        return CertificateStatus(row.serial_number, row.not_after)
    return CertificateStatus(
        serial_number=row.serial_number,
        not_after=row.not_after,
        reason=RevocationReason(against.reason),
        revoked_at=against.revoked_at,
        invalidity_date=getattr(against, "invalidity_date", None),
    )


_AGAINST = frozenset({Standing.REVOKED, Standing.ON_HOLD})
