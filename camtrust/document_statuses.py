"""Standings of certificates for documents: our own responder and CRLs, asked in this process."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as x509_ocsp

from ca.authorities import Authorities, Authority
from ca.crl.crls import Crls
from ca.issuance.serial_numbers import shard_of
from ca.revocation.reasons import RevocationReason
from ca.revocation.status import StatusDirectory
from core.errors import NotFound
from ocsp.responder import StatusResponder
from ocsp.response import ResponseStatus
from signing.documents.errors import UNHARMED, StatusUnavailable
from signing.documents.ports import Evidence

_SUCCESSFUL = ResponseStatus.SUCCESSFUL
_HOLD = x509.ReasonFlags.certificate_hold


class HouseStatuses:
    """A :class:`~signing.documents.ports.StatusSource` for what our authorities issued.

    Where nobody answers for an authority by OCSP, its newest CRL is the evidence.
    """

    def __init__(
        self,
        *,
        responder: StatusResponder,
        authorities: Authorities,
        statuses: StatusDirectory,
        crls: Crls,
    ) -> None:
        self._responder = responder
        self._authorities = authorities
        self._statuses = statuses
        self._crls = crls

    def standing(self, certificate: x509.Certificate, issuer: x509.Certificate) -> str:
        """Return ``good``, ``revoked``, ``on-hold`` or ``unknown``. Raises Unavailable."""
        authority = self._authority_of(issuer)
        if authority is None:
            return "unknown"
        serial = certificate.serial_number
        found = self._statuses.statuses(authority.name, [serial]).get(serial)
        if found is None:
            return "unknown"
        if found.is_good:
            return "good"
        return "on-hold" if found.reason is RevocationReason.CERTIFICATE_HOLD else "revoked"

    def evidence(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Evidence:
        """Return a live OCSP response, or a CRL. Raises StatusUnavailable."""
        request = (
            x509_ocsp.OCSPRequestBuilder()
            .add_certificate(certificate, issuer, SHA256())
            .build()
            .public_bytes(Encoding.DER)
        )
        answer = self._responder.answer(request)
        if answer.status is _SUCCESSFUL:
            return _of_response(answer.der)
        return self._of_crl(certificate, issuer)

    def _of_crl(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Evidence:
        authority = self._authority_of(issuer)
        if authority is None:
            raise StatusUnavailable(
                "Nobody here can speak for a certificate of the signature: another authority "
                "issued it.",
                kept=UNHARMED,
            )
        try:
            shard = shard_of(certificate.serial_number, authority.crl_shards)
            found = self._crls.newest(authority.name, shard)
        except NotFound as error:
            raise StatusUnavailable(
                f"Neither an answer nor a CRL of {authority.name} is to be had. Try again later.",
                kept=UNHARMED,
            ) from error
        crl = x509.load_der_x509_crl(found.crl_der)
        entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
        return Evidence(
            der=found.crl_der,
            is_crl=True,
            standing="good" if entry is None else "revoked",
            this_update=crl.last_update_utc,
            next_update=crl.next_update_utc,
        )

    def _authority_of(self, issuer: x509.Certificate) -> Authority | None:
        for authority in self._authorities.all():
            if issuer in {authority.certificate, *authority.earlier, *authority.crossed}:
                return authority
        return None


def _of_response(der: bytes) -> Evidence:
    response = x509_ocsp.load_der_ocsp_response(der)
    if response.certificate_status is x509_ocsp.OCSPCertStatus.GOOD:
        standing = "good"
    elif response.certificate_status is x509_ocsp.OCSPCertStatus.UNKNOWN:
        standing = "unknown"
    else:
        standing = "on-hold" if response.revocation_reason is _HOLD else "revoked"
    return Evidence(
        der=der,
        is_crl=False,
        standing=standing,
        this_update=response.this_update_utc,
        next_update=response.next_update_utc,
    )
