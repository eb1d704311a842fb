"""What is known of certificates' revocation, each piece checked before it is believed.

A CRL (RFC 5280, Section 6.3) counts when the issuer of the certificate signed it and its scope has
the certificate in it; indirect, delta and partial-reason CRLs are left aside. An OCSP answer
(RFC 6960, Section 4.2.2.2) counts when the issuer signed it, or a responder to which the issuer
gave that right. Our own authorities' register needs no signature.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from asn1crypto import crl, ocsp, x509
from cryptography.exceptions import InvalidSignature
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator

from signing.documents.validation.exemptions import is_unchecked_responder
from signing.documents.validation.strengths import ValidationPolicy

# RFC 5280, Section 5.3.1: the only reason that is ever taken back.
ON_HOLD = "certificate_hold"


class Source(StrEnum):
    """Where a statement comes from."""

    CRL = "CRL"
    OCSP = "OCSP"
    REGISTER = "REGISTER"


@dataclass(frozen=True)
class Statement:
    """What one piece of evidence says of one certificate.

    ``revoked_at`` and ``reason`` are set when it is revoked or on hold; ``trusted_until`` is the
    end of the issuer's validity: later, somebody else may have its key.
    """

    source: Source
    issued_at: datetime
    next_update: datetime | None
    revoked_at: datetime | None = None
    reason: str | None = None
    trusted_until: datetime | None = None
    evidence_sha256: bytes = b""

    @property
    def is_on_hold(self) -> bool:
        """Tell whether the certificate is suspended."""
        return self.revoked_at is not None and self.reason == ON_HOLD

    @property
    def is_good(self) -> bool:
        """Tell whether nothing stands against the certificate."""
        return self.revoked_at is None

    def is_fresh_at(self, moment: datetime, skew: timedelta) -> bool:
        """Tell whether it was in force at ``moment``: between thisUpdate and nextUpdate."""
        if self.next_update is None:
            return abs(moment - self.issued_at) <= skew
        return self.issued_at - skew <= moment <= self.next_update + skew


@dataclass(frozen=True)
class EvidencePool:
    """CRLs and OCSP answers that came with a document or were given, not yet checked."""

    crls: tuple[bytes, ...] = ()
    ocsp_responses: tuple[bytes, ...] = ()

    def __add__(self, other: EvidencePool) -> EvidencePool:
        return EvidencePool(self.crls + other.crls, self.ocsp_responses + other.ocsp_responses)

    def digests(self) -> frozenset[bytes]:
        """Return what names each piece in proofs of existence."""
        return frozenset(sha256(one).digest() for one in (*self.crls, *self.ocsp_responses))


class EvidenceReader:
    """Finds what a pool says of a certificate."""

    def __init__(self, *, policy: ValidationPolicy) -> None:
        self._policy = policy
        self._signatures = DefaultSignatureValidator()

    def statements(
        self, certificate: x509.Certificate, issuer: x509.Certificate, pool: EvidencePool
    ) -> list[Statement]:
        """Return the statements that are properly signed; unreadable evidence says nothing."""
        found: list[Statement] = []
        for der in dict.fromkeys(pool.ocsp_responses):
            found += _quietly(lambda der=der: self._from_ocsp(certificate, issuer, der, pool))  # type: ignore[misc]
        for der in dict.fromkeys(pool.crls):
            found += _quietly(lambda der=der: self._from_crl(certificate, issuer, der))  # type: ignore[misc]
        return found

    def _from_ocsp(
        self,
        certificate: x509.Certificate,
        issuer: x509.Certificate,
        der: bytes,
        pool: EvidencePool,
    ) -> Iterator[Statement]:
        response = ocsp.OCSPResponse.load(der)
        if response["response_status"].native != "successful":
            return
        basic = response["response_bytes"]["response"].parsed
        answers = [
            one
            for one in basic["tbs_response_data"]["responses"]
            if _is_about(one["cert_id"], certificate, issuer)
        ]
        if not answers:
            return
        if not self._is_answered(basic, issuer, pool):
            return
        for one in answers:
            revoked_at, reason = _ocsp_status(one)
            if revoked_at is None and reason is not None:
                continue  # RFC 6960, Section 2.2: "unknown" says nothing.
            yield Statement(
                Source.OCSP,
                one["this_update"].native,
                one["next_update"].native,
                revoked_at,
                reason,
                # Not of the responder, whose certificate lives for days: it was valid when it
                # answered, and else no document would outlive it.
                issuer.not_valid_after,
                sha256(der).digest(),
            )

    def _is_answered(
        self, basic: ocsp.BasicOCSPResponse, issuer: x509.Certificate, pool: EvidencePool
    ) -> bool:
        produced_at = basic["tbs_response_data"]["produced_at"].native
        for one in (issuer, *(basic["certs"] if basic["certs"].native else ())):
            if not _is_named(basic["tbs_response_data"]["responder_id"], one):
                continue
            if one is not issuer and not self._may_answer(one, issuer, produced_at, pool):
                continue
            if self._is_signed(basic, "tbs_response_data", one, produced_at):
                return True
        return False

    def _may_answer(
        self,
        responder: x509.Certificate,
        issuer: x509.Certificate,
        at: datetime,
        pool: EvidencePool,
    ) -> bool:
        usages = responder.extended_key_usage_value
        skew = self._policy.clock_skew
        return (
            usages is not None
            and "ocsp_signing" in usages.native
            and responder.issuer == issuer.subject
            and responder.not_valid_before - skew <= at <= responder.not_valid_after + skew
            and self._is_signed(responder, "tbs_certificate", issuer, at)
            and not self._is_revoked(responder, issuer, pool)
        )

    def _is_revoked(
        self, responder: x509.Certificate, issuer: x509.Certificate, pool: EvidencePool
    ) -> bool:
        # RFC 6960, Section 4.2.2.2.1: one without id-pkix-ocsp-nocheck can be revoked. Whenever it
        # was, its key dates answers back as its thief likes.
        if is_unchecked_responder(responder):
            return False
        return any(
            one.revoked_at is not None
            for der in dict.fromkeys(pool.crls)
            for one in _quietly(lambda der=der: self._from_crl(responder, issuer, der))  # type: ignore[misc]
        )

    def _from_crl(
        self, certificate: x509.Certificate, issuer: x509.Certificate, der: bytes
    ) -> Iterator[Statement]:
        found = crl.CertificateList.load(der)
        listed = found["tbs_cert_list"]
        if found.issuer != issuer.subject or not _has_in_scope(found, certificate):
            return
        issued_at = listed["this_update"].native
        usage = issuer.key_usage_value
        if usage is not None and "crl_sign" not in usage.native:
            return
        if not self._is_signed(found, "tbs_cert_list", issuer, issued_at):
            return
        revoked_at, reason = _crl_entry(listed["revoked_certificates"], certificate)
        yield Statement(
            Source.CRL,
            issued_at,
            listed["next_update"].native,
            revoked_at,
            reason,
            issuer.not_valid_after,
            sha256(der).digest(),
        )

    def _is_signed(self, signed: Any, part: str, by: x509.Certificate, at: datetime) -> bool:
        algorithm = signed["signature_algorithm"]
        if not self._policy.strengths.signature_algorithm_allowed(algorithm, at, by.public_key):
            return False
        value = signed["signature_value" if "signature_value" in signed else "signature"].native
        try:
            self._signatures.validate_signature(
                value, signed[part].dump(), by.public_key, algorithm
            )
        except InvalidSignature:
            return False
        return True


def _quietly(read: Callable[[], Iterable[Statement]]) -> list[Statement]:
    try:
        return list(read())
    except Exception:  # A stranger's ASN.1 raises anything; what cannot be read proves nothing.
        return []


def _is_about(
    cert_id: ocsp.CertId, certificate: x509.Certificate, issuer: x509.Certificate
) -> bool:
    algorithm = cert_id["hash_algorithm"]["algorithm"].native
    if algorithm not in ("sha1", "sha256"):
        return False
    return bool(
        cert_id["serial_number"].native == certificate.serial_number
        and cert_id["issuer_name_hash"].native == getattr(issuer.subject, algorithm)
        and cert_id["issuer_key_hash"].native == getattr(issuer.public_key, algorithm)
    )


def _is_named(responder_id: ocsp.ResponderId, certificate: x509.Certificate) -> bool:
    if responder_id.name == "by_key":
        return bool(responder_id.native == certificate.public_key.sha1)
    return bool(responder_id.chosen == certificate.subject)


def _ocsp_status(answer: ocsp.SingleResponse) -> tuple[datetime | None, str | None]:
    status = answer["cert_status"]
    if status.name == "good":
        return None, None
    if status.name != "revoked":
        return None, "unknown"
    info = status.chosen
    return info["revocation_time"].native, info["revocation_reason"].native or "unspecified"


def _crl_entry(entries: Any, certificate: x509.Certificate) -> tuple[datetime | None, str | None]:
    if entries.native is None:
        return None, None
    for entry in entries:
        if entry["user_certificate"].native == certificate.serial_number:
            reason = entry.crl_reason_value.native if entry.crl_reason_value else "unspecified"
            if reason == "remove_from_crl":
                return None, None
            revoked_at = entry["revocation_date"].native
            if entry.invalidity_date_value is not None:
                # RFC 5280, Section 5.3.2: the key was no longer the signer's since then.
                revoked_at = min(revoked_at, entry.invalidity_date_value.native)
            return revoked_at, reason
    return None, None


_READ_EXTENSIONS = frozenset(
    {"issuing_distribution_point", "authority_key_identifier", "crl_number"}
)


def _has_in_scope(found: crl.CertificateList, certificate: x509.Certificate) -> bool:
    extensions = found["tbs_cert_list"]["crl_extensions"]
    for one in extensions if extensions.native else ():
        if one["critical"].native and one["extn_id"].native not in _READ_EXTENSIONS:
            return False
    point = found.issuing_distribution_point_value
    if point is None:
        return True
    if point["indirect_crl"].native or point["only_some_reasons"].native:
        return False
    if point["only_contains_attribute_certs"].native:
        return False
    if point["only_contains_user_certs"].native and certificate.ca:
        return False
    if point["only_contains_ca_certs"].native and not certificate.ca:
        return False
    names = point["distribution_point"]
    return names.native is None or _shares_name(names, certificate)


def _shares_name(names: Any, certificate: x509.Certificate) -> bool:
    # RFC 5280, Section 6.3.3 (b)(2)(i): a shard is about those who point to it.
    if names.name != "full_name":
        return False
    points = certificate.crl_distribution_points_value
    mine = {
        general.native
        for point in (points or ())
        if point["distribution_point"].native and point["distribution_point"].name == "full_name"
        for general in point["distribution_point"].chosen
    }
    return any(one.native in mine for one in names.chosen)
