"""What a good document is called, at each level and at each time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from signing.documents.validation.indications import Integrity, SubIndication, Verdict
from signing.documents.validation.trust import Anchor, Trust
from tests.signing.documents.validation.authorities import NOW, SIGNED, Hierarchy
from tests.signing.documents.validation.conftest import Validate
from tests.signing.documents.validation.documents import Signed, build, objects


@pytest.fixture(scope="module", params=["B-B", "B-T", "B-LT", "B-LTA"])
def level(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_good_document_passes_at_every_level(
    signed: Signed, validate: Validate, level: str
) -> None:
    report = validate(signed.sign(level=level))
    assert report.verdict is Verdict.TOTAL_PASSED
    assert report.sub_indication is None
    [one] = report.signatures
    assert (one.integrity, one.level) == (Integrity.INTACT, level)
    assert one.proven_at == (None if level == "B-B" else SIGNED)


def test_without_revocation_data_of_its_own_a_signature_waits_for_it(
    signed: Signed, hierarchy: Hierarchy, validate: Validate
) -> None:
    only_root = Trust(anchors=(Anchor(hierarchy.root.asn1, "root.pem"),))
    report = validate(signed.sign(level="B-B"), trust=only_root)
    assert report.verdict is Verdict.INDETERMINATE
    assert report.sub_indication is SubIndication.TRY_LATER
    assert report.signatures[0].integrity is Integrity.INTACT


def test_with_revocation_data_inside_a_document_passes_years_later(
    b_lta: bytes, hierarchy: Hierarchy, validate: Validate
) -> None:
    only_root = Trust(anchors=(Anchor(hierarchy.root.asn1, "root.pem"),))
    report = validate(b_lta, trust=only_root, at=NOW + timedelta(days=1000))
    assert report.verdict is Verdict.TOTAL_PASSED
    assert report.signatures[0].level == "B-LTA"


def test_the_archive_time_stamp_is_what_carries_a_document_over_the_end_of_its_certificates(
    hierarchy: Hierarchy, signed: Signed, validate: Validate
) -> None:
    person = hierarchy.person("Short Lived", ends=SIGNED + timedelta(days=2))
    only_root = Trust(anchors=(Anchor(hierarchy.root.asn1, "root.pem"),))
    later = NOW + timedelta(days=30)
    stamped = validate(signed.sign(level="B-LTA", party=person), trust=only_root, at=later)
    assert stamped.verdict is Verdict.TOTAL_PASSED
    plain = validate(signed.sign(level="B-B", party=person), trust=only_root, at=later)
    assert plain.sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE


def test_a_stranger_is_intact_and_not_trusted(b_lta: bytes, validate: Validate) -> None:
    other = Trust(anchors=(Anchor(Hierarchy("Other").root.asn1, "other.pem"),))
    report = validate(b_lta, trust=other)
    assert report.verdict is Verdict.INDETERMINATE
    assert report.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    assert report.signatures[0].integrity is Integrity.INTACT


def test_a_signature_that_is_archived_twice_still_passes(
    signed: Signed, b_lta: bytes, validate: Validate
) -> None:
    renewed = signed.time_stamp(b_lta, at=SIGNED + timedelta(hours=2))
    report = validate(renewed)
    assert report.verdict is Verdict.TOTAL_PASSED
    assert [one.finding.proves for one in report.time_stamps] == [True, True]
    assert {one.kind for one in report.signatures[0].changes} == {"VALIDATION_DATA"}


def test_two_signers_on_one_document_both_pass(
    signed: Signed, hierarchy: Hierarchy, validate: Validate
) -> None:
    first = signed.sign(level="B-T", box=(300, 100, 500, 150))
    second = signed.sign(
        first,
        level="B-T",
        field="Second",
        box=(60, 100, 260, 150),
        party=hierarchy.person("Second"),
    )
    report = validate(second)
    assert report.verdict is Verdict.TOTAL_PASSED
    assert [one.integrity for one in report.signatures] == [Integrity.INTACT] * 2
    assert [one.kind for one in report.signatures[0].changes][-1] == "SIGNATURE"


def test_a_file_without_signatures_says_so(validate: Validate) -> None:
    report = validate(build(objects()))
    assert report.verdict is Verdict.INDETERMINATE
    assert report.sub_indication is SubIndication.NO_SIGNATURE_FOUND
    assert report.reason == "The document has no signature."
    assert report.signatures == ()
