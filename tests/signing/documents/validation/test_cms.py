"""Signatures over files that are no PDF."""

from __future__ import annotations

import asyncio
import base64
import io

import pytest
from asn1crypto import cms, ocsp
from asn1crypto import crl as asn1_crl
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from signing.documents.validation.errors import DocumentUnreadable, SignedContentMissing
from signing.documents.validation.indications import Integrity, SubIndication, Verdict
from signing.documents.validation.report import ValidationReport
from signing.documents.validation.trust import Anchor, Trust
from signing.documents.validation.validator import DocumentValidator, Question
from tests.signing.documents.validation.authorities import Hierarchy
from tests.signing.documents.validation.conftest import StandingClock

CONTENT = "ព្រះរាជក្រឹត្យ: one hundred riel\n".encode()


@pytest.fixture(scope="module")
def cades(hierarchy: Hierarchy) -> bytes:
    signer = hierarchy.pyhanko_signer()
    signed = asyncio.run(
        signer.async_sign_general_data(
            io.BytesIO(CONTENT),
            "sha256",
            detached=True,
            timestamper=hierarchy.time_stamper(),
            use_cades=True,
        )
    )
    der: bytes = signed.dump()
    return der


def ask(trust: Trust, signature: bytes, content: bytes | None) -> ValidationReport:
    validator = DocumentValidator(trust=trust, clock=StandingClock())
    beside = io.BytesIO(content) if content is not None else None
    return validator.validate(Question(io.BytesIO(signature), "letter.p7s", content=beside))


def test_a_detached_signature_passes_with_its_file(cades: bytes, trust: Trust) -> None:
    report = ask(trust, cades, CONTENT)
    assert report.verdict is Verdict.TOTAL_PASSED
    [one] = report.signatures
    assert (one.format, one.level, one.integrity) == ("CAdES", "B-T", Integrity.INTACT)


def test_it_is_read_as_pem_too(cades: bytes, trust: Trust) -> None:
    armored = b"-----BEGIN CMS-----\n%s-----END CMS-----\n" % base64.encodebytes(cades)
    assert ask(trust, armored, CONTENT).verdict is Verdict.TOTAL_PASSED


def test_another_file_is_altered(cades: bytes, trust: Trust) -> None:
    report = ask(trust, cades, CONTENT + b" ")
    assert report.sub_indication is SubIndication.HASH_FAILURE
    assert report.signatures[0].integrity is Integrity.ALTERED


def test_without_its_file_it_is_asked_for(cades: bytes, trust: Trust) -> None:
    with pytest.raises(SignedContentMissing):
        ask(trust, cades, None)


def test_a_signature_that_encloses_its_file_needs_none(hierarchy: Hierarchy, trust: Trust) -> None:
    signer = hierarchy.signer
    enclosing = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(CONTENT)
        .add_signer(signer.certificate, signer.key, hashes.SHA256())
        .add_certificate(hierarchy.issuing.certificate)
        .sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    )
    report = ask(trust, enclosing, None)
    assert report.verdict is Verdict.TOTAL_PASSED
    [one] = report.signatures
    assert (one.format, one.level) == ("CMS", None)


def test_a_flipped_bit_in_the_signature_value_is_altered(cades: bytes, trust: Trust) -> None:
    value = cms.ContentInfo.load(cades)["content"]["signer_infos"][0]["signature"].native
    at = cades.index(value) + len(value) - 1
    broken = cades[:at] + bytes([cades[at] ^ 1]) + cades[at + 1 :]
    report = ask(trust, broken, CONTENT)
    assert report.signatures[0].integrity is Integrity.ALTERED
    assert report.verdict is Verdict.TOTAL_FAILED


@pytest.mark.parametrize("octets", [b"", b"0", b"hello", b"0\x80\x00\x00", b"-----BEGIN CMS-----"])
def test_what_is_neither_is_refused(octets: bytes, trust: Trust) -> None:
    with pytest.raises(DocumentUnreadable):
        ask(trust, octets, None)


def test_revocation_data_inside_a_signature_makes_it_b_lt(
    cades: bytes, hierarchy: Hierarchy
) -> None:
    """RFC 5652 has CRLs beside the certificates, RFC 5940 OCSP answers among them."""
    message = cms.ContentInfo.load(cades)
    answers = (hierarchy.ocsp(hierarchy.signer), hierarchy.ocsp(hierarchy.tsa))
    other = [
        cms.RevocationInfoChoice(
            "other",
            {
                "other_rev_info_format": "ocsp_response",
                "other_rev_info": ocsp.OCSPResponse.load(answer),
            },
        )
        for answer in answers
    ]
    crl_of_root = asn1_crl.CertificateList.load(hierarchy.crl(hierarchy.root, days=90))
    listed = cms.RevocationInfoChoice("crl", crl_of_root)
    message["content"]["crls"] = cms.RevocationInfoChoices([listed, *other])
    only_root = Trust(anchors=(Anchor(hierarchy.root.asn1, "root.pem"),))
    report = ask(only_root, cms.ContentInfo.load(message.dump(force=True)).dump(), CONTENT)
    assert report.verdict is Verdict.TOTAL_PASSED, report.reason
    assert report.signatures[0].level == "B-LT"


def test_attributes_of_a_signature_are_no_content_that_was_signed(
    cades: bytes, trust: Trust
) -> None:
    # What a key signs with attributes is their DER: without them, it seems to sign that DER.
    message = cms.ContentInfo.load(cades)
    [signer] = message["content"]["signer_infos"]
    attributes = signer["signed_attrs"].untag().dump()
    bare = cms.SignerInfo(
        {
            name: signer[name]
            for name in ("version", "sid", "digest_algorithm", "signature_algorithm", "signature")
        }
    )
    message["content"]["signer_infos"] = cms.SignerInfos([bare])
    report = ask(trust, message.dump(force=True), attributes)
    assert report.verdict is Verdict.INDETERMINATE
    assert report.sub_indication is SubIndication.SIG_CONSTRAINTS_FAILURE
