"""The certificate of a signing key: found once it is issued, and checked before each use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from sqlalchemy import update

from ca.authorities import Authorities
from ca.register import GOOD, CertificateRegister, RegisteredCertificate
from core.clock import Clock
from core.database import Database
from core.transparency.log import TransparencyLog
from signing.credentials.credential import Credential, credential_row
from signing.credentials.errors import (
    NOTHING_SIGNED,
    CertificateMissing,
    CertificateNotValid,
)
from signing.credentials.log_entries import log_of_key
from signing.credentials.models import signing_credentials


@dataclass(frozen=True)
class SigningCertificate:
    """A key's certificate with its issuers up to the anchor, and how it stands."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    registered: RegisteredCertificate

    def check_may_sign(self, at: datetime) -> None:
        """Let a certificate pass that is good and within its time. Raises CertificateNotValid."""
        if trouble := self.trouble(at):
            raise CertificateNotValid(_SENTENCES[trouble], kept=NOTHING_SIGNED, status=trouble)

    def trouble(self, at: datetime) -> str | None:
        """Return ``revoked``, ``on-hold``, ``not-yet-valid`` or ``expired``; None if it is good."""
        if self.registered.standing != GOOD:
            return self.registered.standing
        if at < self.registered.not_before:
            return "not-yet-valid"
        return "expired" if at > self.registered.not_after else None


_SENTENCES = {
    "revoked": "The certificate of this key was revoked. Apply for a new one.",
    "on-hold": "The certificate of this key is suspended. Ask your officer to release it.",
    "not-yet-valid": "The certificate of this key is not valid yet.",
    "expired": "The certificate of this key has expired. Apply for a new one.",
}


class Certificates:
    """Finds and binds the certificates of signing keys."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        register: CertificateRegister,
        authorities: Authorities,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._register = register
        self._authorities = authorities
        self._clock = clock

    def of(self, credential: Credential) -> SigningCertificate:
        """Return the newest certificate of a key; one that was just issued is bound to it.

        Raises CertificateMissing.
        """
        found = self._register.of_key(credential.key_id)
        if not found:
            raise CertificateMissing(
                "The certificate for this key has not been issued yet.", kept=NOTHING_SIGNED
            )
        if (found[-1].authority, found[-1].serial_number) != _bound(credential):
            self._bind(credential.id, found[-1])
        return self._with_chain(found[-1])

    def usable(self, credential: Credential) -> SigningCertificate:
        """Return the certificate of a key that may sign now.

        Raises CertificateMissing and CertificateNotValid.
        """
        certificate = self.of(credential)
        certificate.check_may_sign(self._clock.now())
        return certificate

    def _bind(self, credential_id: str, found: RegisteredCertificate) -> None:
        with self._database.begin() as connection:
            row = credential_row(connection, credential_id, lock=True)
            if (row.authority, row.serial_number) == (found.authority, found.serial_number):
                return
            connection.execute(
                update(signing_credentials)
                .where(signing_credentials.c.id == credential_id)
                .values(authority=found.authority, serial_number=found.serial_number)
            )
            log_of_key(self._log, connection, "signing-key-certified", self._clock.now(), row, {})

    def _with_chain(self, found: RegisteredCertificate) -> SigningCertificate:
        return SigningCertificate(
            certificate=x509.load_der_x509_certificate(found.certificate_der),
            chain=tuple(self._authorities.chain(found.authority)),
            registered=found,
        )


def _bound(credential: Credential) -> tuple[str | None, int | None]:
    return credential.authority, credential.serial_number
