"""When a signer's revocation counts, and what is said where it is not known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing.documents.validation.evidence import (
    EvidencePool,
    EvidenceReader,
    Source,
    Statement,
)
from signing.documents.validation.indications import Integrity, SubIndication, Verdict
from signing.documents.validation.report import ValidationReport
from signing.documents.validation.revocation import Moments, find_revocation
from signing.documents.validation.strengths import load_policy
from signing.documents.validation.trust import Anchor, Trust
from tests.signing.documents.validation.authorities import NOW, SIGNED, Hierarchy, Party
from tests.signing.documents.validation.conftest import Validate
from tests.signing.documents.validation.documents import Signed

HOUR = timedelta(hours=1)
COMPROMISE = x509.ReasonFlags.key_compromise
HOLD = x509.ReasonFlags.certificate_hold


def trust_after(
    hierarchy: Hierarchy, people: dict[int, tuple[object, x509.ReasonFlags]], **more: object
) -> Trust:
    crl = hierarchy.crl(hierarchy.issuing, at=NOW, revoked=people)  # type: ignore[arg-type]
    roots = hierarchy.crl(hierarchy.root, at=NOW, **more)  # type: ignore[arg-type]
    return Trust(anchors=(Anchor(hierarchy.root.asn1, "root.pem"),), crls=(crl, roots))


@pytest.fixture(scope="module")
def b_t(signed: Signed) -> bytes:
    return signed.sign(level="B-T")


def test_who_was_revoked_after_a_proven_time_signed_well(
    b_t: bytes, hierarchy: Hierarchy, validate: Validate
) -> None:
    serial = hierarchy.signer.certificate.serial_number
    trust = trust_after(hierarchy, {serial: (SIGNED + HOUR, COMPROMISE)})
    report = validate(b_t, trust=trust)
    assert report.verdict is Verdict.TOTAL_PASSED
    [(_, finding), *_] = report.signatures[0].revocation
    assert finding.statement is not None
    assert finding.statement.revoked_at == SIGNED + HOUR


def test_who_was_revoked_before_that_did_not(
    b_t: bytes, hierarchy: Hierarchy, validate: Validate
) -> None:
    serial = hierarchy.signer.certificate.serial_number
    trust = trust_after(hierarchy, {serial: (SIGNED - HOUR, COMPROMISE)})
    report = validate(b_t, trust=trust)
    assert (report.verdict, report.sub_indication) == (
        Verdict.INDETERMINATE,
        SubIndication.REVOKED_NO_POE,
    )
    assert report.signatures[0].integrity is Integrity.INTACT


def test_a_claimed_time_proves_nothing_against_a_revocation(
    b_b: bytes, hierarchy: Hierarchy, validate: Validate
) -> None:
    serial = hierarchy.signer.certificate.serial_number
    trust = trust_after(hierarchy, {serial: (SIGNED + HOUR, COMPROMISE)})
    assert validate(b_b, trust=trust).sub_indication is SubIndication.REVOKED_NO_POE


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
def test_a_suspended_signer_is_to_be_asked_about_again(
    level: str, signed: Signed, hierarchy: Hierarchy, validate: Validate
) -> None:
    serial = hierarchy.signer.certificate.serial_number
    trust = trust_after(hierarchy, {serial: (SIGNED + HOUR, HOLD)})
    report = validate(signed.sign(level=level), trust=trust)
    assert (report.verdict, report.sub_indication) == (
        Verdict.INDETERMINATE,
        SubIndication.TRY_LATER,
    )
    assert "suspended" in str(report.reason)


def test_a_revoked_authority_takes_its_signers_along(
    b_b: bytes, hierarchy: Hierarchy, validate: Validate
) -> None:
    serial = hierarchy.issuing.certificate.serial_number
    trust = trust_after(hierarchy, {}, revoked={serial: (SIGNED - HOUR, COMPROMISE)})
    report = validate(b_b, trust=trust)
    assert report.sub_indication is SubIndication.REVOKED_CA_NO_POE
    assert "Test Issuing" in str(report.reason)


def test_a_time_stamp_of_a_compromised_authority_proves_nothing(
    b_t: bytes, hierarchy: Hierarchy, validate: Validate
) -> None:
    serial = hierarchy.tsa.certificate.serial_number
    report = validate(b_t, trust=trust_after(hierarchy, {serial: (SIGNED + HOUR, COMPROMISE)}))
    [stamp] = report.signatures[0].time_stamps
    assert stamp.finding.problem is SubIndication.REVOKED_NO_POE
    assert report.signatures[0].proven_at is None


def test_a_time_stamp_of_an_authority_that_ended_in_peace_still_proves(
    b_t: bytes, hierarchy: Hierarchy, validate: Validate
) -> None:
    ended = x509.ReasonFlags.cessation_of_operation
    serial = hierarchy.tsa.certificate.serial_number
    report = validate(b_t, trust=trust_after(hierarchy, {serial: (SIGNED + HOUR, ended)}))
    assert report.signatures[0].proven_at == SIGNED


def test_a_crl_that_somebody_else_signed_says_nothing(
    b_b: bytes, hierarchy: Hierarchy, validate: Validate
) -> None:
    forger = Hierarchy()  # The same names, other keys.
    trust = Trust(
        anchors=(Anchor(hierarchy.root.asn1, "root.pem"),),
        crls=(forger.crl(forger.issuing, at=NOW), hierarchy.crl(hierarchy.root, at=NOW)),
    )
    assert validate(b_b, trust=trust).sub_indication is SubIndication.TRY_LATER


def test_an_answer_of_a_responder_without_that_right_says_nothing(
    signed: Signed, hierarchy: Hierarchy, validate: Validate
) -> None:
    reader = EvidenceReader(policy=load_policy())
    signer, issuer = hierarchy.signer.asn1, hierarchy.issuing.asn1

    def heard(responder: Party) -> list[Statement]:
        answer = hierarchy.ocsp(hierarchy.signer, responder=responder)
        return reader.statements(signer, issuer, EvidencePool(ocsp_responses=(answer,)))

    assert len(heard(hierarchy.responder)) == 1
    assert len(heard(hierarchy.issuing)) == 1
    assert heard(hierarchy.person("No Responder")) == []
    assert heard(Hierarchy().responder) == []


class Register:
    """Knows one standing for everybody whom the hierarchy issued."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement

    def standing(
        self, certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate
    ) -> Statement | None:
        return self.statement


def ask_register(
    pdf: bytes, hierarchy: Hierarchy, validate: Validate, statement: Statement
) -> ValidationReport:
    trust = Trust(anchors=(Anchor(hierarchy.root.asn1, "own"),))
    return validate(pdf, trust=trust, register=Register(statement))


def test_the_register_alone_is_enough_for_our_own(
    b_b: bytes, hierarchy: Hierarchy, validate: Validate
) -> None:
    good = Statement(Source.REGISTER, NOW, None)
    assert ask_register(b_b, hierarchy, validate, good).verdict is Verdict.TOTAL_PASSED


def test_the_register_outweighs_a_good_answer_from_before(
    b_lta: bytes, hierarchy: Hierarchy, validate: Validate
) -> None:
    held = Statement(Source.REGISTER, NOW, None, NOW - HOUR, "certificate_hold")
    report = ask_register(b_lta, hierarchy, validate, held)
    assert report.sub_indication is SubIndication.TRY_LATER


def test_what_is_archived_holds_until_its_last_time_stamp_ends(
    b_lta: bytes, hierarchy: Hierarchy, signed: Signed, validate: Validate
) -> None:
    only_root = Trust(anchors=(Anchor(hierarchy.root.asn1, "root.pem"),))
    before = validate(b_lta, trust=only_root, at=hierarchy.ends - timedelta(days=1))
    assert before.verdict is Verdict.TOTAL_PASSED
    after = validate(b_lta, trust=only_root, at=hierarchy.ends + timedelta(days=1))
    assert after.sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE
    assert after.signatures[0].integrity is Integrity.INTACT


def test_a_time_stamp_of_a_new_authority_carries_a_document_over_the_end_of_the_old(
    b_lta: bytes, hierarchy: Hierarchy, validate: Validate
) -> None:
    new = Hierarchy("New", ends=hierarchy.ends + timedelta(days=3650))
    renewed = Signed(new).time_stamp(b_lta, at=SIGNED + timedelta(days=2))
    both = Trust(anchors=(Anchor(hierarchy.root.asn1, "old.pem"), Anchor(new.root.asn1, "new.pem")))
    report = validate(renewed, trust=both, at=hierarchy.ends + timedelta(days=1))
    assert report.verdict is Verdict.TOTAL_PASSED, report.reason
    assert report.signatures[0].proven_at == SIGNED


def test_evidence_that_nothing_dates_is_not_believed_once_its_signer_ended(
    hierarchy: Hierarchy,
) -> None:
    old = Statement(Source.CRL, SIGNED, None, trusted_until=NOW, evidence_sha256=b"crl")
    moments = Moments(SIGNED, SIGNED, NOW + timedelta(days=1))
    skew = timedelta(minutes=1)
    lost = find_revocation([old], moments, poe={}, skew=skew)
    assert lost.problem is SubIndication.REVOCATION_OUT_OF_BOUNDS_NO_POE
    dated = find_revocation([old], moments, poe={b"crl": NOW}, skew=skew)
    assert dated.problem is None


def test_an_answer_outlives_the_certificate_of_its_responder(
    hierarchy: Hierarchy, validate: Validate
) -> None:
    # cryptography dates producedAt by the real clock.
    now = datetime.now(UTC)
    short = Hierarchy("Short", responder_ends=now + timedelta(days=1))
    only_root = Trust(anchors=(Anchor(short.root.asn1, "root.pem"),))
    report = validate(
        Signed(short).sign(level="B-LT"), trust=only_root, at=now + timedelta(days=30)
    )
    assert report.verdict is Verdict.TOTAL_PASSED, report.reason


def test_an_answer_after_the_end_of_its_responder_says_nothing(validate: Validate) -> None:
    ended = Hierarchy("Ended", responder_ends=SIGNED)
    reader = EvidenceReader(policy=load_policy())
    pool = EvidencePool(ocsp_responses=(ended.ocsp(ended.signer),))
    assert reader.statements(ended.signer.asn1, ended.issuing.asn1, pool) == []


@pytest.mark.parametrize(
    "usages",
    [
        [ExtendedKeyUsageOID.EMAIL_PROTECTION],
        # Nobody signs documents with a responder's certificate, so no signer is exempt by it.
        [ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.OCSP_SIGNING],
    ],
)
def test_a_signer_is_asked_about_whose_authority_says_that_nobody_need_ask(
    signed: Signed,
    hierarchy: Hierarchy,
    validate: Validate,
    usages: list[x509.ObjectIdentifier],
) -> None:
    exempted = hierarchy.person("Not Checked", usages=usages, no_check=True)
    pdf = signed.sign(level="B-B", party=exempted)
    unknown = Trust(anchors=(Anchor(hierarchy.root.asn1, "root.pem"),))
    assert validate(pdf, trust=unknown).sub_indication is SubIndication.TRY_LATER
    revoked = {exempted.certificate.serial_number: (SIGNED - HOUR, COMPROMISE)}
    report = validate(pdf, trust=trust_after(hierarchy, revoked))
    assert report.sub_indication is SubIndication.REVOKED_NO_POE


def test_a_revoked_responder_is_not_believed_unless_its_authority_says_that_nobody_need_ask(
    hierarchy: Hierarchy,
) -> None:
    usage = [ExtendedKeyUsageOID.OCSP_SIGNING]
    checked = hierarchy.person("Responder", usages=usage)
    unchecked = hierarchy.person("Responder for days", usages=usage, no_check=True)
    serials = {one.certificate.serial_number: (NOW, COMPROMISE) for one in (checked, unchecked)}
    crl = hierarchy.crl(hierarchy.issuing, at=NOW, revoked=serials)
    reader, signer, issuer = (
        EvidenceReader(policy=load_policy()),
        hierarchy.signer,
        hierarchy.issuing,
    )

    def good_answers(responder: Party, *crls: bytes) -> int:
        pool = EvidencePool(crls, (hierarchy.ocsp(signer, responder=responder),))
        heard = reader.statements(signer.asn1, issuer.asn1, pool)
        return sum(one.source is Source.OCSP for one in heard)

    assert good_answers(checked) == 1
    assert good_answers(checked, crl) == 0
    assert good_answers(unchecked, crl) == 1
