"""Who holds an office or is a service: enrolled with a certificate of ours, suspended, removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from ca.register import GOOD, CertificateRegister, RegisteredCertificate
from core.access import Role
from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.errors import (
    CertificateNotForRole,
    OfficerExists,
    OfficerNotInOffice,
    OfficerStateRefused,
    OfficerUnknown,
)
from enrollment.models import officer_certificates, officers

# Which profile signs in for which role; CP, Section 5.2.3.
PROFILES: Mapping[Role, str] = {
    Role.CA_ADMINISTRATOR: "ra-officer",
    Role.RA_OFFICER: "ra-officer",
    Role.AUDITOR: "ra-officer",
    Role.SERVICE: "service-client",
}


class OfficerState(StrEnum):
    """Only an active officer signs in."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REMOVED = "removed"


@dataclass(frozen=True)
class Officer:
    """Somebody in office, or a service. ``id`` is a pseudonym."""

    id: str
    role: Role
    state: OfficerState
    enrolled_at: datetime


class Officers:
    """Enrols officers and binds their certificates; each change is logged."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        register: CertificateRegister,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._register = register
        self._clock = clock

    def enroll(self, *, officer_id: str, role: Role, certificate: x509.Certificate) -> Officer:
        """Enrol an officer with a certificate. Raises OfficerExists or CertificateNotForRole."""
        held = self._fitting(certificate, role)
        now = self._clock.now()
        salt = new_salt()
        try:
            with self._database.begin() as connection:
                connection.execute(
                    insert(officers).values(
                        id=officer_id, role=role, state="active", enrolled_at=now, salt=salt
                    )
                )
                _bind(connection, officer_id, held, now)
                facts = {"role": str(role), **_certificate_facts(held)}
                self._write("officer-enrolled", connection, officer_id, salt, facts)
        except IntegrityError as error:
            raise _exists() from error
        return Officer(officer_id, role, OfficerState.ACTIVE, now)

    def bind(self, *, officer_id: str, certificate: x509.Certificate) -> None:
        """Bind a further certificate, after a re-key. Raises as ``enroll``, or OfficerUnknown."""
        officer = self.find(officer_id)
        held = self._fitting(certificate, officer.role)
        now = self._clock.now()
        try:
            with self._database.begin() as connection:
                row = _locked(connection, officer_id)
                _bind(connection, officer_id, held, now)
                self._write(
                    "officer-bound", connection, officer_id, row.salt, _certificate_facts(held)
                )
        except IntegrityError as error:
            raise _exists() from error

    def change_state(self, *, officer_id: str, state: OfficerState) -> Officer:
        """Suspend, reinstate or remove. Raises OfficerUnknown or OfficerStateRefused."""
        with self._database.begin() as connection:
            row = _locked(connection, officer_id)
            if row.state == OfficerState.REMOVED:
                raise OfficerStateRefused("A removed officer stays removed.")
            connection.execute(
                update(officers).where(officers.c.id == officer_id).values(state=state)
            )
            facts: dict[str, JsonValue] = {"state": str(state)}
            self._write("officer-state-changed", connection, officer_id, row.salt, facts)
        return Officer(row.id, Role(row.role), state, row.enrolled_at)

    def find(self, officer_id: str) -> Officer:
        """Return an officer in whatever state. Raises OfficerUnknown."""
        with self._database.read() as connection:
            row = connection.execute(
                select(officers).where(officers.c.id == officer_id)
            ).one_or_none()
        if row is None:
            raise OfficerUnknown(f"Nobody is enrolled as {officer_id}.")
        return _officer(row)

    def check_in_office(self, officer_id: str, *roles: Role) -> None:
        """Raise OfficerUnknown or OfficerNotInOffice unless active in one of ``roles``."""
        found = self.find(officer_id)
        if found.state is not OfficerState.ACTIVE or found.role not in roles:
            raise OfficerNotInOffice(f"{officer_id} is {found.state} as {found.role}.")

    def all(self) -> list[Officer]:
        """Return everybody who was ever enrolled, oldest first."""
        with self._database.read() as connection:
            rows: Iterable[Row[Any]] = connection.execute(
                select(officers).order_by(officers.c.enrolled_at, officers.c.id)
            ).all()
        return [_officer(row) for row in rows]

    def bound_to(self, held: RegisteredCertificate) -> Officer | None:
        """Return the officer that this very certificate is bound to, in whatever state."""
        query = (
            select(officers)
            .join(officer_certificates, officer_certificates.c.officer == officers.c.id)
            .where(
                officer_certificates.c.authority == held.authority,
                officer_certificates.c.serial_number == held.serial_number,
                officer_certificates.c.public_key_sha256 == held.public_key_sha256,
            )
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _officer(row)

    def _fitting(self, certificate: x509.Certificate, role: Role) -> RegisteredCertificate:
        der = certificate.public_bytes(Encoding.DER)
        for held in self._register.find(certificate.serial_number):
            if held.certificate_der != der:
                continue
            now = self._clock.now()
            if held.profile != PROFILES[role]:
                raise CertificateNotForRole(f"{role} needs a certificate of {PROFILES[role]}.")
            if held.standing != GOOD or not held.not_before <= now <= held.not_after:
                raise CertificateNotForRole("The certificate is revoked, on hold or not valid now.")
            return held
        raise CertificateNotForRole("This certificate is not one of ours.")

    def _write(
        self,
        kind: str,
        connection: Connection,
        officer_id: str,
        salt: bytes,
        facts: Mapping[str, JsonValue],
    ) -> None:
        officer = commitment(salt, officer_id.encode())
        entry = LogEntry(kind, self._clock.now(), {"officer": officer, **facts})
        self._log.append(connection, [entry])


def _bind(
    connection: Connection, officer_id: str, held: RegisteredCertificate, now: datetime
) -> None:
    connection.execute(
        insert(officer_certificates).values(
            authority=held.authority,
            serial_number=held.serial_number,
            officer=officer_id,
            public_key_sha256=held.public_key_sha256,
            bound_at=now,
        )
    )


def _certificate_facts(held: RegisteredCertificate) -> dict[str, JsonValue]:
    return {
        "authority": held.authority,
        "certificate_sha256": sha256(held.certificate_der).hexdigest(),
        "serial_number": f"{held.serial_number:x}",
    }


def _locked(connection: Connection, officer_id: str) -> Row[Any]:
    row = connection.execute(
        select(officers).where(officers.c.id == officer_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise OfficerUnknown(f"Nobody is enrolled as {officer_id}.")
    return row


def _exists() -> OfficerExists:
    return OfficerExists("This id, certificate or key is enrolled already.")


def _officer(row: Row[Any]) -> Officer:
    return Officer(row.id, Role(row.role), OfficerState(row.state), row.enrolled_at)
