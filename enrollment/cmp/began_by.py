"""Who signed the first message of a transaction, for later ones that leave it out."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509

from ca.register import CertificateRegister, RegisteredCertificate
from enrollment.cmp.transactions import Transactions

_BY_CERTIFICATE = "cert"


def name_of_signer(held: RegisteredCertificate) -> str:
    """Return the name under which a transaction keeps the certificate that began it."""
    return f"{_BY_CERTIFICATE}:{held.authority}:{held.serial_number:x}"


class BeganBy:
    """Finds the certificates behind the names of clients."""

    def __init__(self, *, transactions: Transactions, register: CertificateRegister) -> None:
        self._transactions = transactions
        self._register = register

    def signers(self, transaction_id: bytes) -> Sequence[x509.Certificate]:
        """Return the certificates with which transactions of this id were begun."""
        names = [one.split(":") for one in self._transactions.clients_of(transaction_id)]
        found = (
            held
            for kind, *rest in names
            if kind == _BY_CERTIFICATE
            for held in self._register.find(int(rest[1], 16), authority=rest[0])
        )
        return [x509.load_der_x509_certificate(one.certificate_der) for one in found]
