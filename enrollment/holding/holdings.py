"""What a holder sees and does with their certificates, signed in or with a revocation code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sqlalchemy import Connection, exists, insert, select
from sqlalchemy.exc import IntegrityError

from ca.register import CertificateRegister, RegisteredCertificate
from ca.revocation.reasons import RevocationReason
from ca.revocation.revocation import Revocation
from ca.revocation.standing import RevocationRecord
from core.clock import Clock
from core.database import Database
from enrollment.application import ApplicationState
from enrollment.holding.held import Held
from enrollment.holding.models import suspensions
from enrollment.key_creation.policy import KeyHome
from enrollment.models import applications
from enrollment.subscriber.dossier import holders_of
from enrollment.subscriber.drafts import ENDED_WITHOUT
from enrollment.subscriber.errors import NotHeld, ReleaseRefused
from enrollment.subscriber.models import bundle_certificates, bundles

MOST_SHOWN = 100


class CodedCertificate(Protocol):
    """The certificate that a revocation code stands for."""

    @property
    def authority(self) -> str:
        """Who issued it."""

    @property
    def serial_number(self) -> int:
        """Its number there."""


class CodeFinder(Protocol):
    """Finds the certificate of a revocation code."""

    def find(self, typed: str) -> CodedCertificate:
        """Return it. Raises a refusal for what is no code, or of no certificate."""


@dataclass(frozen=True)
class _Row:
    application: str
    authority: str
    serial_number: int
    holder: str


class Holdings:
    """Shows a holder's certificates and changes their standing as the holder asks."""

    def __init__(
        self,
        *,
        database: Database,
        register: CertificateRegister,
        revocation: Revocation,
        codes: CodeFinder,
        renewal_opens: timedelta,
        clock: Clock,
    ) -> None:
        self._database = database
        self._register = register
        self._revocation = revocation
        self._codes = codes
        self._renewal_opens = renewal_opens
        self._clock = clock

    def of(self, person: str) -> Sequence[Held]:
        """Return what a person holds or held, newest first."""
        with self._database.read() as connection:
            query = _ISSUED.where(applications.c.holder.in_(holders_of(connection, person)))
            rows = connection.execute(query.order_by(applications.c.id.desc()).limit(MOST_SHOWN))
            found = [_Row(*row) for row in rows]
        return [self._held(row, person) for row in found]

    def find(self, person: str, application_id: str) -> Held:
        """Return one certificate of a person. Raises NotHeld."""
        with self._database.read() as connection:
            query = _ISSUED.where(
                applications.c.id == application_id,
                applications.c.holder.in_(holders_of(connection, person)),
            )
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotHeld("You hold no certificate of this application.")
        return self._held(_Row(*row), person)

    def of_code(self, typed: str) -> RegisteredCertificate:
        """Return the certificate of a revocation code. Raises as CodeFinder.find."""
        coded = self._codes.find(typed)
        [found] = self._register.find(coded.serial_number, authority=coded.authority)
        return found

    def suspend(self, person: str, application_id: str) -> RevocationRecord:
        """Suspend a certificate for its holder; twice is once. Raises NotHeld, and as hold."""
        return self._suspend(self.find(person, application_id).certificate, "holder")

    def suspend_by_code(self, typed: str) -> RevocationRecord:
        """Suspend the certificate of a revocation code. Raises as of_code, and as hold."""
        return self._suspend(self.of_code(typed), "code")

    def release(self, person: str, application_id: str, typed_code: str) -> RevocationRecord:
        """Take the holder's own suspension back: they signed in, and show the code as well.

        A thief who got the sign-in has no paper, and who found the paper has no sign-in. What an
        office suspended, the office releases. Raises NotHeld, ReleaseRefused, and as of_code.
        """
        held = self.find(person, application_id)
        if not held.own_hold:
            raise ReleaseRefused(
                "Your office suspended it, so your office releases it.",
                kept="The certificate stays suspended.",
            )
        coded = self._codes.find(typed_code)
        named = held.certificate
        if (coded.authority, coded.serial_number) != (named.authority, named.serial_number):
            raise ReleaseRefused(
                "This is the revocation code of another certificate.",
                kept="The certificate stays suspended.",
            )
        return self._revocation.release(
            serial_number=named.serial_number, authority=named.authority
        )

    def revoke(
        self, person: str, application_id: str, reason: RevocationReason
    ) -> RevocationRecord:
        """Revoke a certificate for its holder. Raises NotHeld, and as Revocation.revoke."""
        return self._revoke(self.find(person, application_id).certificate, reason)

    def revoke_by_code(self, typed: str, reason: RevocationReason) -> RevocationRecord:
        """Revoke the certificate of a code. Raises as of_code, and as Revocation.revoke."""
        return self._revoke(self.of_code(typed), reason)

    def _revoke(self, one: RegisteredCertificate, reason: RevocationReason) -> RevocationRecord:
        return self._revocation.revoke(
            serial_number=one.serial_number, authority=one.authority, reason=reason
        )

    def _suspend(self, one: RegisteredCertificate, asked_by: str) -> RevocationRecord:
        asked_at = self._clock.now()
        record = self._revocation.hold(serial_number=one.serial_number, authority=one.authority)
        # Noted afterwards: cut in between, the hold counts as the office's, which is the safe side.
        if record.changed_at >= asked_at:
            self._note(record, asked_by)
        return record

    def _note(self, record: RevocationRecord, asked_by: str) -> None:
        try:
            with self._database.begin() as connection:
                connection.execute(
                    insert(suspensions).values(
                        authority=record.authority,
                        serial_number=record.serial_number,
                        held_at=record.revoked_at,
                        asked_by=asked_by,
                    )
                )
        except IntegrityError:
            pass  # two tabs, one suspension

    def _held(self, row: _Row, person: str) -> Held:
        [certificate] = self._register.find(row.serial_number, authority=row.authority)
        with self._database.read() as connection:
            return Held(
                application=row.application,
                person=person,
                certificate=certificate,
                home=_home(connection, row.application),
                replaced_in=replacing_bundle(connection, row.application),
                own_hold=_is_own_hold(connection, certificate),
                renewable_from=certificate.not_after - self._renewal_opens,
                now=self._clock.now(),
            )


_ISSUED = select(
    applications.c.id,
    applications.c.authority,
    applications.c.serial_number,
    applications.c.holder,
).where(applications.c.state == ApplicationState.ISSUED)


def replacing_bundle(connection: Connection, application_id: str) -> str | None:
    """Return the bundle in which a certificate is being, or was, replaced."""
    ended = exists().where(
        applications.c.id == bundle_certificates.c.application,
        applications.c.state.in_(ENDED_WITHOUT),
    )
    query = (
        select(bundles.c.id)
        .join(bundle_certificates, bundle_certificates.c.bundle == bundles.c.id)
        .where(bundle_certificates.c.replaces == application_id, ~ended)
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()


def _home(connection: Connection, application_id: str) -> KeyHome | None:
    query = select(bundle_certificates.c.home).where(
        bundle_certificates.c.application == application_id
    )
    home = connection.execute(query).scalar_one_or_none()
    return None if home is None else KeyHome(home)


def _is_own_hold(connection: Connection, one: RegisteredCertificate) -> bool:
    query = select(suspensions.c.asked_by).where(
        suspensions.c.authority == one.authority,
        suspensions.c.serial_number == one.serial_number,
        suspensions.c.held_at == one.revoked_at,
    )
    return one.revoked_at is not None and connection.execute(query).first() is not None
