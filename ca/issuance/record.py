"""What the database knows of a certificate on its way: reserved, issued or abandoned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, select, update

from ca.issuance.signature import VerifiedCertificate
from ca.linting import LintedCertificate
from ca.models import certificates
from ca.plan import CertificatePlan
from core.transparency.entry import JsonValue, LogEntry
from core.transparency.log import TransparencyLog

# Far longer than a batch takes, short enough that a crash is cleared up while people wait.
LEASE = timedelta(minutes=10)


@dataclass(frozen=True)
class IssuedCertificate:
    """A certificate that is stored and logged. ``log_index`` is its certificate-issued entry."""

    authority: str
    serial_number: int
    certificate_der: bytes
    log_index: int


@dataclass(frozen=True)
class Reservation:
    """A serial number to take, with the lint whose bytes alone it may be signed for."""

    linted: LintedCertificate
    reference: str | None

    @property
    def plan(self) -> CertificatePlan:
        """The plan that was linted."""
        return self.linted.plan

    @cached_property
    def tbs_sha256(self) -> bytes:
        """SHA-256 of the bytes that alone may be signed under this serial number."""
        return sha256(self.linted.tbs_der).digest()


def reserve(
    connection: Connection,
    log: TransparencyLog,
    reservations: Sequence[Reservation],
    now: datetime,
) -> None:
    """Store the reservations and log them, within the caller's transaction.

    Raises IntegrityError where a serial number or a reference is taken already.
    """
    connection.execute(_RESERVE, [_row(one, now) for one in reservations])
    log.append(
        connection,
        [LogEntry("certificate-reserved", now, _reserved_facts(one)) for one in reservations],
    )


def store(
    connection: Connection,
    log: TransparencyLog,
    verified: Sequence[VerifiedCertificate],
    now: datetime,
) -> dict[tuple[str, int], IssuedCertificate]:
    """Store verified certificates upon their reservations and log them; return them by serial.

    One that was abandoned in the meantime is not stored and not returned: it stays revoked.
    """
    # The rows' locks come before the log's, here as in the recovery: so nobody deadlocks.
    held = _lock_reserved(connection, [one.plan for one in verified])
    kept = [one for one in verified if _serial(one.plan) in held]
    if not kept:
        return {}
    indexes = log.append(
        connection,
        [LogEntry("certificate-issued", now, _issued_facts(one)) for one in kept],
    )
    connection.execute(
        _STORE,
        [
            {
                "b_authority": one.plan.authority,
                "b_serial": one.plan.serial_number,
                "b_der": one.certificate_der,
                "b_sha256": one.sha256,
                "b_index": index,
                "b_now": now,
            }
            for one, index in zip(kept, indexes, strict=True)
        ],
    )
    return {
        _serial(one.plan): IssuedCertificate(
            one.plan.authority, one.plan.serial_number, one.certificate_der, index
        )
        for one, index in zip(kept, indexes, strict=True)
    }


def _serial(plan: CertificatePlan) -> tuple[str, int]:
    return plan.authority, plan.serial_number


def with_serials(serials: Sequence[tuple[str, int]]) -> ColumnElement[bool]:
    """Match the rows of (authority, serial number) through the index on both.

    Two lists instead of one of pairs, for which SQLite reads the whole table: among 159 random
    bits no authority ever draws the number of another.
    """
    return and_(
        certificates.c.authority.in_({authority for authority, _ in serials}),
        certificates.c.serial_number.in_([number for _, number in serials]),
    )


def _lock_reserved(
    connection: Connection, plans: Sequence[CertificatePlan]
) -> set[tuple[str, int]]:
    rows = connection.execute(
        _RESERVED,
        {
            "authorities": list({plan.authority for plan in plans}),
            "serial_numbers": [plan.serial_number for plan in plans],
        },
    )
    return {(row.authority, row.serial_number) for row in rows}


# Statements of every issuance: built once.
_RESERVE = insert(certificates)
_RESERVED = (
    select(certificates.c.authority, certificates.c.serial_number)
    .where(
        # As ``with_serials``.
        certificates.c.authority.in_(bindparam("authorities", expanding=True)),
        certificates.c.serial_number.in_(bindparam("serial_numbers", expanding=True)),
        certificates.c.state == "reserved",
    )
    .order_by(certificates.c.id)
    .with_for_update()
)
_STORE = (
    update(certificates)
    .where(
        certificates.c.authority == bindparam("b_authority"),
        certificates.c.serial_number == bindparam("b_serial"),
        certificates.c.state == "reserved",
    )
    .values(
        state="issued",
        issued_at=bindparam("b_now"),
        lease_until=None,
        certificate_der=bindparam("b_der"),
        certificate_sha256=bindparam("b_sha256"),
        log_index=bindparam("b_index"),
    )
)
_BY_REFERENCE = select(
    certificates.c.reference,
    certificates.c.authority,
    certificates.c.serial_number,
    certificates.c.certificate_der,
    certificates.c.log_index,
).where(
    certificates.c.reference.in_(bindparam("references", expanding=True)),
    certificates.c.state != "abandoned",
)


def find_by_reference(
    connection: Connection, references: Sequence[str]
) -> dict[str, IssuedCertificate | None]:
    """Return the certificate of each reference in use; None while it is only reserved."""
    rows = connection.execute(_BY_REFERENCE, {"references": references})
    return {
        row.reference: None
        if row.certificate_der is None
        else IssuedCertificate(row.authority, row.serial_number, row.certificate_der, row.log_index)
        for row in rows
    }


def _row(reservation: Reservation, now: datetime) -> dict[str, object]:
    plan = reservation.plan
    return {
        "authority": plan.authority,
        "serial_number": plan.serial_number,
        "state": "reserved",
        "profile": plan.profile,
        "profile_version": plan.profile_version,
        "holder": plan.holder,
        "institution": plan.institution,
        "reference": reservation.reference,
        "public_key_sha256": plan.public_key_sha256,
        "tbs_sha256": reservation.tbs_sha256,
        "not_before": plan.not_before,
        "not_after": plan.not_after,
        "crl_shard": plan.crl_shard,
        "reserved_at": now,
        "lease_until": now + LEASE,
    }


def _reserved_facts(reservation: Reservation) -> dict[str, JsonValue]:
    plan = reservation.plan
    return {
        "authority": plan.authority,
        "crl_shard": plan.crl_shard,
        "not_after": plan.not_after.isoformat(),
        "not_before": plan.not_before.isoformat(),
        "profile": plan.profile,
        "profile_version": plan.profile_version,
        "public_key_sha256": plan.public_key_sha256.hex(),
        "serial_number": f"{plan.serial_number:x}",
        "tbs_sha256": reservation.tbs_sha256.hex(),
    }


def _issued_facts(verified: VerifiedCertificate) -> dict[str, JsonValue]:
    return {
        "authority": verified.plan.authority,
        "certificate_sha256": verified.sha256.hex(),
        "serial_number": f"{verified.plan.serial_number:x}",
    }
