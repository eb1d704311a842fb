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
from sqlalchemy import Connection, Row, Select, insert, select, update
from sqlalchemy.exc import IntegrityError

from ca.register import GOOD, CertificateRegister, RegisteredCertificate
from core.access import Principal, Role
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
from enrollment.institutions.institutions import check_active
from enrollment.jurisdiction import NATION, Jurisdiction
from enrollment.models import principal_certificates, principals

# Which profile signs in for which role; CP, Section 5.2.3.
PROFILES: Mapping[Role, str] = {
    Role.CA_ADMINISTRATOR: "ra-officer",
    Role.RA_OFFICER: "ra-officer",
    Role.COUNTER_OFFICER: "ra-officer",
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
    """Somebody in office, or a service. ``id`` is a pseudonym, ``person`` who stands behind it.

    ``institution``: the only one that the officer has to do with; None for the whole nation.
    """

    id: str
    role: Role
    state: OfficerState
    enrolled_at: datetime
    institution: str | None
    person: str

    @property
    def principal(self) -> Principal:
        """The officer as one who asks."""
        return Principal(self.id, self.role, self.institution)


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

    def enroll(
        self,
        *,
        officer_id: str,
        role: Role,
        certificate: x509.Certificate,
        institution: str | None = None,
        person: str | None = None,
    ) -> Officer:
        """Enrol an officer with a certificate; ``person``, where known, is who stands behind.

        Raises OfficerExists, CertificateNotForRole, InstitutionUnknown or InstitutionNotActive.
        """
        if role not in PROFILES:
            raise CertificateNotForRole(f"{role} is no office.")
        held = self._fitting(certificate, role)
        now = self._clock.now()
        salt = new_salt()
        try:
            with self._database.begin() as connection:
                if institution is not None:
                    check_active(connection, institution)
                connection.execute(
                    insert(principals).values(
                        id=officer_id,
                        role=role,
                        state=OfficerState.ACTIVE,
                        institution=institution,
                        person=person or officer_id,
                        enrolled_at=now,
                        salt=salt,
                    )
                )
                _bind(connection, officer_id, held, now)
                facts = {"role": str(role), **_certificate_facts(held)}
                if institution is not None:
                    facts["institution"] = institution
                self._write("officer-enrolled", connection, officer_id, salt, facts)
        except IntegrityError as error:
            raise _exists() from error
        return self.find(officer_id)

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
                update(principals).where(principals.c.id == officer_id).values(state=state)
            )
            facts: dict[str, JsonValue] = {"state": str(state)}
            self._write("officer-state-changed", connection, officer_id, row.salt, facts)
        return self.find(officer_id)

    def find(self, officer_id: str) -> Officer:
        """Return an officer in whatever state. Raises OfficerUnknown."""
        with self._database.read() as connection:
            row = connection.execute(_query().where(principals.c.id == officer_id)).one_or_none()
        if row is None:
            raise OfficerUnknown(f"Nobody is enrolled as {officer_id}.")
        return _officer(row)

    def check_in_office(self, officer_id: str, *roles: Role) -> None:
        """Raise OfficerUnknown or OfficerNotInOffice unless active in one of ``roles``."""
        found = self.find(officer_id)
        if found.state is not OfficerState.ACTIVE or found.role not in roles:
            raise OfficerNotInOffice(f"{officer_id} is {found.state} as {found.role}.")

    def all(self, *, within: Jurisdiction = NATION) -> list[Officer]:
        """Return everybody of what is covered who was ever enrolled, oldest first."""
        query = within.narrow(_query(), principals.c.institution)
        with self._database.read() as connection:
            rows: Iterable[Row[Any]] = connection.execute(
                query.order_by(principals.c.enrolled_at, principals.c.id)
            ).all()
        return [_officer(row) for row in rows]

    def bound_to(self, held: RegisteredCertificate) -> Officer | None:
        """Return the officer that this very certificate is bound to, in whatever state."""
        query = (
            _query()
            .join(principal_certificates, principal_certificates.c.principal == principals.c.id)
            .where(
                principal_certificates.c.authority == held.authority,
                principal_certificates.c.serial_number == held.serial_number,
                principal_certificates.c.public_key_sha256 == held.public_key_sha256,
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


@dataclass(frozen=True)
class Behind:
    """Who stands behind a principal, and of which institution; None: of the nation."""

    person: str
    institution: str | None


def behind(connection: Connection, principal_id: str) -> Behind:
    """Return who stands behind a principal. Raises OfficerUnknown."""
    query = select(principals.c.person, principals.c.institution)
    row = connection.execute(query.where(principals.c.id == principal_id)).one_or_none()
    if row is None:
        raise OfficerUnknown(f"Nobody is enrolled as {principal_id}.")
    return Behind(row.person, row.institution)


def person_behind(connection: Connection, principal_id: str) -> str:
    """Return the person behind a principal. Raises OfficerUnknown."""
    return behind(connection, principal_id).person


def _bind(
    connection: Connection, officer_id: str, held: RegisteredCertificate, now: datetime
) -> None:
    connection.execute(
        insert(principal_certificates).values(
            authority=held.authority,
            serial_number=held.serial_number,
            principal=officer_id,
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


def _query() -> Select[Any]:
    # Subscribers sign in too, and hold no office.
    return select(principals).where(principals.c.role != Role.SUBSCRIBER)


def _locked(connection: Connection, officer_id: str) -> Row[Any]:
    row = connection.execute(
        _query().where(principals.c.id == officer_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise OfficerUnknown(f"Nobody is enrolled as {officer_id}.")
    return row


def _exists() -> OfficerExists:
    return OfficerExists("This id, certificate or key is enrolled already.")


def _officer(row: Row[Any]) -> Officer:
    return Officer(
        id=row.id,
        role=Role(row.role),
        state=OfficerState(row.state),
        enrolled_at=row.enrolled_at,
        institution=row.institution,
        person=row.person,
    )
