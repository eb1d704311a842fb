"""What our own engine signs, our validator calls good: at home, and where there is no home."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest

from signing.documents.levels import Level
from signing.documents.options import Placement
from signing.documents.validation.indications import Integrity, SubIndication, Verdict
from signing.documents.validation.report import ValidationReport
from signing.documents.validation.trust_files import trust_from
from signing.documents.validation.validator import DocumentValidator, Question
from tests.signing.documents.pdfs import one_page, signature_field, text_field, with_fields
from tests.signing.documents.validation.documents import update
from tests.signing.documents.world import World

MONTHS_LATER = timedelta(days=90)


def at_home(world: World, pdf: bytes, content: bytes | None = None) -> ValidationReport:
    beside = io.BytesIO(content) if content is not None else None
    question = Question(io.BytesIO(pdf), "document", content=beside)
    return world.services.validation.validator().validate(question)


def elsewhere(world: World, pdf: bytes, *, later: timedelta = timedelta()) -> ValidationReport:
    """Validate with nothing but our root: what is not in the document is not known."""
    now = world.services.clock.now()
    trust = trust_from(world.folder / "root.pem", now=now)
    validator = DocumentValidator(trust=trust, clock=world.services.clock)
    return validator.validate(Question(io.BytesIO(pdf), "document.pdf", at=now + later))


@pytest.fixture(scope="module")
def signed(world: World) -> dict[Level, bytes]:
    return {level: world.sign(one_page(), level=level) for level in Level}


@pytest.mark.parametrize("level", Level)
def test_each_level_passes_at_home(level: Level, world: World, signed: dict[Level, bytes]) -> None:
    report = at_home(world, signed[level])
    assert report.verdict is Verdict.TOTAL_PASSED, report.reason
    [one] = report.signatures
    assert (one.integrity, one.level) == (Integrity.INTACT, level.value)


@pytest.mark.parametrize("level", [Level.B_LT, Level.B_LTA])
def test_what_holds_its_own_proofs_passes_anywhere_months_later(
    level: Level, world: World, signed: dict[Level, bytes]
) -> None:
    report = elsewhere(world, signed[level], later=MONTHS_LATER)
    assert report.verdict is Verdict.TOTAL_PASSED, report.reason
    assert report.signatures[0].level == level.value


@pytest.mark.parametrize("level", [Level.B_B, Level.B_T])
def test_what_holds_none_waits_for_them(
    level: Level, world: World, signed: dict[Level, bytes]
) -> None:
    report = elsewhere(world, signed[level])
    assert report.sub_indication is SubIndication.TRY_LATER
    assert report.signatures[0].integrity is Integrity.INTACT


def test_two_signers_leave_each_other_good(world: World) -> None:
    other = world.signer("validated-second")
    first = world.sign(one_page(), placement=Placement(1, (40, 40, 200, 90)))
    both = world.sign(first, signer=other, placement=Placement(1, (240, 40, 400, 90)))
    report = at_home(world, both)
    assert report.verdict is Verdict.TOTAL_PASSED, report.reason
    assert [one.integrity for one in report.signatures] == [Integrity.INTACT] * 2


@pytest.mark.parametrize("permission", [2, 3])
def test_a_certified_form_is_signed_in_the_places_that_it_has(
    permission: int, world: World
) -> None:
    other = world.signer(f"validated-form-{permission}")
    form = with_fields(text_field("amount"), signature_field("Second"))
    certified = world.sign(form, certify=permission)
    report = at_home(world, world.sign(certified, signer=other, field="Second"))
    assert report.verdict is Verdict.TOTAL_PASSED, report.reason
    assert report.signatures[0].permissions is not None
    assert report.signatures[0].permissions.facts()["doc_mdp"] == permission


def test_a_renewed_archive_passes(world: World, tmp_path: Path) -> None:
    path, renewed = tmp_path / "old.pdf", tmp_path / "new.pdf"
    path.write_bytes(world.sign(one_page(), level=Level.B_LTA))
    world.paths().renew(path, renewed, None)
    report = at_home(world, renewed.read_bytes())
    assert report.verdict is Verdict.TOTAL_PASSED, report.reason
    assert [one.finding.proves for one in report.time_stamps] == [True, True]


def test_a_page_that_is_replaced_is_seen(signed: dict[Level, bytes], world: World) -> None:
    attacked = update(signed[Level.B_LTA], {3: b"<< /Type /Page /Parent 2 0 R >>"})
    report = at_home(world, attacked)
    assert report.verdict is not Verdict.TOTAL_PASSED
    assert report.signatures[0].integrity is not Integrity.INTACT


def test_a_detached_signature_passes_with_its_file(world: World, tmp_path: Path) -> None:
    content = "មាតិកា\n".encode()
    (tmp_path / "annex.txt").write_bytes(content)
    world.paths().sign_beside(
        tmp_path / "annex.txt", tmp_path / "annex.p7s", world.seal, Level.B_LT
    )
    report = at_home(world, (tmp_path / "annex.p7s").read_bytes(), content)
    assert report.verdict is Verdict.TOTAL_PASSED, report.reason
    assert report.signatures[0].format == "CAdES"
    other = at_home(world, (tmp_path / "annex.p7s").read_bytes(), content + b"x")
    assert other.signatures[0].integrity is Integrity.ALTERED
