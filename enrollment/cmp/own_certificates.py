"""Certificates that came by a client's grant: what it may renew or revoke, and nothing else."""

from __future__ import annotations

from ca.authorities import Authorities
from ca.register import CertificateRegister, RegisteredCertificate
from core.columns import SERIAL_NUMBER_OCTETS
from enrollment.cmp.errors import CmpCertificateUnknown
from enrollment.cmp.names import comparable
from enrollment.cmp.protection import GrantsOfCertificates


class OwnCertificates:
    """Finds certificates by issuer and serial number within a grant."""

    def __init__(
        self,
        *,
        authorities: Authorities,
        register: CertificateRegister,
        issued: GrantsOfCertificates,
    ) -> None:
        self._authorities = authorities
        self._register = register
        self._issued = issued

    def find(self, issuer_der: bytes, serial_number: int, grant_id: str) -> RegisteredCertificate:
        """Return a certificate of a grant.

        Raises CmpCertificateUnknown in the same words for another's and for none at all.
        """
        wanted = comparable(issuer_der)
        # X.690 has no bound; a column of the database does.
        known = 0 < serial_number < 1 << 8 * SERIAL_NUMBER_OCTETS
        for authority in self._authorities.all() if known else ():
            if comparable(authority.certificate.subject.public_bytes()) != wanted:
                continue
            for held in self._register.find(serial_number, authority=authority.name):
                if grant_id == self._issued.grant_of(
                    authority=held.authority, serial_number=held.serial_number
                ):
                    return held
        raise CmpCertificateUnknown("Name a certificate that came by your grant.")
