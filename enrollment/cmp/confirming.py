"""certConf, and what becomes of certificates that nobody confirms (RFC 9810, Section 5.3.18)."""

from __future__ import annotations

import hashlib
import hmac
from typing import Protocol

import structlog
from cryptography import x509

from ca.register import GOOD, CertificateRegister, RegisteredCertificate
from ca.revocation.errors import AlreadyRevoked, CertificateExpired
from ca.revocation.reasons import RevocationReason
from ca.revocation.standing import RevocationRecord
from core.errors import CamtrustError
from enrollment.cmp.bodies import Confirmation
from enrollment.cmp.errors import CmpCertHashWrong, CmpTransactionUnknown
from enrollment.cmp.replies import Reply, confirmation
from enrollment.cmp.transactions import Transaction, Transactions
from enrollment.grants.issuing import issuance_reference

# RFC 9481, Section 2.1.
_HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}


class Revoker(Protocol):
    """Revokes one certificate."""

    def revoke(
        self, *, serial_number: int, reason: RevocationReason, authority: str | None = None
    ) -> RevocationRecord:
        """Revoke a certificate for good."""


class Unwanted:
    """Revokes certificates that their clients rejected, or did not confirm in time."""

    def __init__(
        self, *, transactions: Transactions, register: CertificateRegister, revocation: Revoker
    ) -> None:
        self._transactions = transactions
        self._register = register
        self._revocation = revocation
        self._events = structlog.get_logger("cmp")

    def certificate_of(self, transaction: Transaction) -> RegisteredCertificate | None:
        """Return what a transaction's request got, None for nothing."""
        return self._register.issued_for(
            issuance_reference(transaction.grant_id, transaction.reference)
        )

    def revoke(self, transaction: Transaction) -> None:
        """Revoke a transaction's certificate, if there is one. Raises Unavailable."""
        held = self.certificate_of(transaction)
        if held is None or held.standing != GOOD:
            return
        try:
            # RFC 5280, Section 5.3.1: it was never used, and nothing is known against its key.
            self._revocation.revoke(
                serial_number=held.serial_number,
                authority=held.authority,
                reason=RevocationReason.CESSATION_OF_OPERATION,
            )
        except (AlreadyRevoked, CertificateExpired):
            return

    def revoke_all(self) -> int:
        """Revoke what is unwanted, or was not confirmed in time; return how many are settled.

        For the scheduler. Raises the first refusal, once all others were tried.
        """
        self._transactions.give_up_late()
        settled = 0
        refusal: CamtrustError | None = None
        for transaction in self._transactions.unwanted():
            try:
                self.settle(transaction)
                settled += 1
            except CamtrustError as error:
                self._events.warning("not-revoked-yet", problem=error.problem)
                refusal = refusal or error
        if refusal is not None:
            raise refusal
        return settled

    def settle(self, transaction: Transaction) -> None:
        """Revoke an unwanted certificate and close its transaction. Raises Unavailable."""
        self.revoke(transaction)
        try:
            self._transactions.close(transaction)
        except CmpTransactionUnknown:
            return  # by another process, at the same time


class Confirming:
    """Takes certConf."""

    def __init__(self, *, transactions: Transactions, unwanted: Unwanted) -> None:
        self._transactions = transactions
        self._unwanted = unwanted
        self._events = structlog.get_logger("cmp")

    def confirm(self, transaction: Transaction, asked: Confirmation | None) -> Reply:
        """Note what the client says of its certificate; a rejected one is revoked.

        Raises CmpCertHashWrong, after which it may still be confirmed, and CmpNotConfirmed.
        """
        if asked is None:
            return self.reject(transaction)
        held = self._unwanted.certificate_of(transaction)
        if held is None or asked.cert_req_id != transaction.cert_req_id:
            raise CmpCertHashWrong("Confirm the certificate request by the number that it had.")
        check_cert_hash(held.certificate_der, asked)
        if not asked.accepted:
            return self.reject(transaction)
        self._transactions.confirm(transaction)
        return confirmation()

    def reject(self, transaction: Transaction) -> Reply:
        """Note that a certificate is not wanted, and revoke it, now or by the scheduler's job."""
        self._transactions.reject(transaction)
        try:
            self._unwanted.revoke(transaction)
        except CamtrustError as error:
            self._events.warning("not-revoked-yet", problem=error.problem)
        return confirmation()


def check_cert_hash(certificate_der: bytes, asked: Confirmation) -> None:
    """Check that a confirmation is of this certificate. Raises CmpCertHashWrong.

    RFC 9810, Section 5.3.18: hashed as the certificate's signature is, unless hashAlg says how;
    it has to where that signature has no hash of its own, as with Ed25519.
    """
    name = _HASHES.get(asked.hash_algorithm or "")
    if asked.hash_algorithm is None:
        own = x509.load_der_x509_certificate(certificate_der).signature_hash_algorithm
        name = None if own is None else own.name
    if name is None or name not in _HASHES.values():
        raise CmpCertHashWrong("Name SHA-256, SHA-384 or SHA-512 as hashAlg, in version 3.")
    if not hmac.compare_digest(hashlib.new(name, certificate_der).digest(), asked.cert_hash):
        raise CmpCertHashWrong("certHash is not that of the certificate that we sent.")
