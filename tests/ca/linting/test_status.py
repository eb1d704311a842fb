"""CRLs and status answers go through pkilint too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from ca.linting import LintRefused, lint_crl, lint_ocsp_response
from ca.profiles.extensions import authority_key_identifier
from tests.ca.software_hierarchy import NOW, readable_hierarchy


def crl(*, with_number: bool) -> bytes:
    hierarchy = readable_hierarchy()
    issuer = hierarchy.issuers["people"].certificate
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(NOW)
        .next_update(NOW + timedelta(days=1))
        .add_extension(authority_key_identifier(issuer), critical=False)
    )
    if with_number:
        builder = builder.add_extension(x509.CRLNumber(7), critical=False)
    key = hierarchy.keys["people-1"]
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)  # type: ignore[arg-type]


def answer() -> bytes:
    hierarchy = readable_hierarchy()
    issuer = hierarchy.issuers["people"].certificate
    certificate = hierarchy.sign(hierarchy.plan("person-signing"))
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=certificate,
        issuer=issuer,
        algorithm=hashes.SHA256(),
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=NOW,
        next_update=NOW + timedelta(hours=12),
        revocation_time=None,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer)
    key = hierarchy.keys["people-1"]
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)  # type: ignore[arg-type]


def test_a_good_crl_passes() -> None:
    lint_crl(crl(with_number=True))


def test_a_crl_without_a_number_is_refused() -> None:
    with pytest.raises(LintRefused):
        lint_crl(crl(with_number=False))


def test_a_good_answer_passes() -> None:
    lint_ocsp_response(answer())


@pytest.mark.parametrize("lint", [lint_crl, lint_ocsp_response])
def test_what_cannot_be_read_is_refused(lint) -> None:  # type: ignore[no-untyped-def]
    for defect in (b"", b"\x30", b"nonsense", answer()[:-5], crl(with_number=True)[:-5]):
        with pytest.raises(LintRefused):
            lint(defect)
