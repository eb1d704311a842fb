"""Documents that are made to cost, or to crash."""

from __future__ import annotations

import io
import json
import random
import socket
import zlib
from datetime import timedelta
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter, copy_into_new_writer
from pyhanko.sign.timestamps import DummyTimeStamper

from core.errors import CamtrustError
from core.event_log import set_up_event_log
from signing.documents.errors import DocumentTooLarge, PdfPasswordMissing, PdfPasswordWrong
from signing.documents.validation.bounds import Bounds
from signing.documents.validation.errors import (
    DocumentOverBounds,
    DocumentUnreadable,
    ValidationTooLong,
)
from signing.documents.validation.indications import Integrity, SubIndication, Verdict
from signing.documents.validation.opening import guarded
from signing.documents.validation.trust import Anchor, Trust
from signing.documents.validation.validator import DocumentValidator, Question
from tests.signing.documents.validation.authorities import SIGNED
from tests.signing.documents.validation.conftest import StandingClock, Validate
from tests.signing.documents.validation.documents import Signed, build, objects, stream, update
from tests.signing.documents.validation.test_attacks import byte_range, fooled


def encrypted(password: str) -> bytes:
    writer: PdfFileWriter = copy_into_new_writer(PdfFileReader(io.BytesIO(build(objects()))))
    writer.encrypt("owner", password)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_an_encrypted_document_needs_its_password(trust: object, validate: Validate) -> None:
    with pytest.raises(PdfPasswordMissing):
        validate(encrypted("secret"))
    validator = DocumentValidator(trust=trust, clock=StandingClock())  # type: ignore[arg-type]
    with pytest.raises(PdfPasswordWrong):
        validator.validate(Question(io.BytesIO(encrypted("secret")), "x.pdf", password="x"))
    question = Question(io.BytesIO(encrypted("secret")), "x.pdf", password="secret")
    assert validator.validate(question).signatures == ()


def test_a_file_over_the_bound_is_not_read(b_b: bytes, validate: Validate) -> None:
    with pytest.raises(DocumentTooLarge):
        validate(b_b, bounds=Bounds(octets=1000))


@pytest.mark.parametrize(
    "bounds", [Bounds(objects=3), Bounds(revisions=1), Bounds(signatures=0), Bounds(evidence=1)]
)
def test_a_document_of_too_many_things_is_given_up(
    bounds: Bounds, b_lta: bytes, validate: Validate
) -> None:
    with pytest.raises(DocumentOverBounds):
        validate(b_lta, bounds=bounds)


def test_a_document_that_takes_too_long_is_given_up(b_lta: bytes, validate: Validate) -> None:
    with pytest.raises(ValidationTooLong):
        validate(b_lta, bounds=Bounds(duration=timedelta(0)))


def test_a_time_stamp_of_an_unknown_hash_makes_itself_unreadable_alone(
    signed: Signed, validate: Validate, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_info = DummyTimeStamper._build_tst_info

    def unknown(self: DummyTimeStamper, imprint: Any, *others: Any) -> Any:
        imprint = imprint.copy()
        imprint["hash_algorithm"] = {"algorithm": "2.999.1"}
        return build_info(self, imprint, *others)

    monkeypatch.setattr(DummyTimeStamper, "_build_tst_info", unknown)
    once = signed.sign(level="B-T")
    report = validate(signed.time_stamp(once, at=SIGNED + timedelta(hours=1)))
    [signature] = report.signatures
    assert signature.integrity is Integrity.INTACT
    for stamp in (*signature.time_stamps, *report.time_stamps):
        assert stamp.finding.problem is SubIndication.FORMAT_FAILURE
    assert len(report.time_stamps) == len(signature.time_stamps) == 1


def test_fields_that_multiply_in_memory_are_given_up(validate: Validate) -> None:
    # Each field names the next one twice: 3 kB, and 2**46 ways from the first to the last.
    parts = objects()
    parts[1] = b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [12 0 R] >> >>"
    chain = {n: b"<< /T (a) /Kids [%d 0 R %d 0 R] >>" % (n + 1, n + 1) for n in range(12, 58)}
    pdf = build(parts | chain | {58: b"<< /T (z) /FT /Tx >>"})
    with pytest.raises(ValidationTooLong):
        validate(pdf, bounds=Bounds(duration=timedelta(seconds=0.1)))


def test_a_stream_that_unfolds_without_end_is_not_unfolded(
    signed: Signed, validate: Validate
) -> None:
    bomb = zlib.compress(zlib.compress(bytes(200_000_000), 9), 9)
    packed = stream(bomb, b"/Filter [/FlateDecode /FlateDecode] ")
    store = b"<< /Certs [50 0 R] >>"
    parts = objects()
    parts[1] = parts[1].replace(b"/Catalog", b"/Catalog /DSS 51 0 R")
    pdf = signed.sign(build(parts | {50: packed, 51: store}))
    report = validate(pdf)
    assert report.signatures[0].integrity is Integrity.INTACT


@pytest.mark.parametrize(
    "pdf",
    [
        b"%PDF-1.7\n",
        b"%PDF-1.7\nstartxref\n0\n%%EOF",
        b"%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<< >>\nstartxref\n9\n%%EOF\n",
        build({1: b"<< /Type /Catalog /Pages 1 0 R /AcroForm 1 0 R /Fields [1 0 R] >>"}) * 2,
        b"%PDF-1.7\n" + b"[" * 100_000,
    ],
)
def test_what_cannot_be_read_is_refused(pdf: bytes, validate: Validate) -> None:
    try:
        report = validate(pdf)
    except DocumentUnreadable as error:
        assert error.kept
    else:
        assert report.signatures == ()


def test_no_address_that_a_document_names_is_asked(
    signed: Signed, validate: Validate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificates name a responder, and nothing is known of them otherwise."""
    asked: list[object] = []
    pdf = signed.sign(level="B-T")

    def connect(_socket: object, address: object) -> None:
        asked.append(address)
        raise OSError

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **_more: asked.append(args))
    root = Anchor(signed.hierarchy.root.asn1, "root.pem")
    report = validate(pdf, trust=Trust(anchors=(root,)))
    assert report.sub_indication is SubIndication.TRY_LATER
    assert asked == []


def test_a_form_that_contains_itself_ends(validate: Validate) -> None:
    parts = objects()
    parts[6] = b"<< /FT /Sig /T (a) /Kids [6 0 R] /V 6 0 R >>"
    with pytest.raises(DocumentUnreadable):
        validate(build(parts))


def test_a_loop_of_versions_ends(b_b: bytes, validate: Validate) -> None:
    looped = update(b_b, {50: b"null"})
    at = looped.rfind(b"/Prev ")
    here = looped[looped.rfind(b"startxref") + 9 :].split()[0]
    end = looped.index(b" ", at + 6)
    looped = looped[: at + 6] + here + looped[end:]
    assert not fooled(validate, looped)


def cut(pdf: bytes, share: float) -> bytes:
    return pdf[: int(len(pdf) * share)]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99, 0.999])
def test_a_truncated_document_is_never_intact(
    share: float, b_lta: bytes, validate: Validate
) -> None:
    assert not fooled(validate, cut(b_lta, share))


def flipped(pdf: bytes, at: int, bit: int) -> bytes:
    return pdf[:at] + bytes([pdf[at] ^ (1 << bit)]) + pdf[at + 1 :]


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_in_what_is_covered_is_never_intact(
    share: float, bit: int, b_b: bytes, validate: Validate
) -> None:
    _, gap_start, gap_end, rest = byte_range(b_b)
    at = int((gap_start + rest) * share)
    at = at if at < gap_start else at - gap_start + gap_end
    assert not fooled(validate, flipped(b_b, at, bit))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_random_updates_never_crash_and_never_change_the_page_unseen(
    seed: int, b_b: bytes, validate: Validate
) -> None:
    assert_update_is_seen(random.Random(seed), b_b, validate)


def assert_update_is_seen(chance: random.Random, pdf: bytes, validate: Validate) -> None:
    """Replace objects of the page by nonsense, valid and not."""
    nonsense = [
        stream(b"BT (No) Tj ET"),
        b"null",
        b"<< /Type /Page >>",
        b"[ 1 0 R 2 0 R ]",
        b"(text",
        b"<< /V 6 0 R /Kids [6 0 R] >>",
        b"%d 0 R" % chance.randrange(90),
        bytes(chance.randrange(256) for _ in range(30)),
    ]
    chosen = chance.sample([2, 3, 4, 5, 6, 7], chance.randint(1, 3))
    attacked = update(pdf, {number: chance.choice(nonsense) for number in chosen})
    try:
        report = validate(attacked)
    except CamtrustError:
        return
    assert report.verdict is not Verdict.TOTAL_PASSED
    assert all(one.integrity is not Integrity.INTACT for one in report.signatures)


@pytest.mark.long
def test_thousands_of_flips_anywhere_raise_nothing_but_refusals(
    b_lta: bytes, validate: Validate
) -> None:
    chance = random.Random(20261201)
    for _ in range(1500):
        at, bit = chance.randrange(len(b_lta)), chance.randrange(8)
        try:
            validate(flipped(b_lta, at, bit))
        except CamtrustError:
            continue


@pytest.mark.long
def test_thousands_of_random_updates_are_seen(b_b: bytes, validate: Validate) -> None:
    chance = random.Random(20261201)
    for _ in range(1000):
        assert_update_is_seen(chance, b_b, validate)


def test_what_a_parser_stumbles_over_is_logged_without_a_word_of_the_document() -> None:
    lines = io.StringIO()
    set_up_event_log(stream=lines)
    try:
        with pytest.raises(DocumentUnreadable), guarded("signature"):
            raise KeyError("Sok Dara")
    finally:
        structlog.reset_defaults()
    [event] = map(json.loads, lines.getvalue().splitlines())
    assert (event["event"], event["part"]) == ("document-part-unreadable", "signature")
    assert event["raised"] == "builtins.KeyError"
    assert "test_hostile.py" in event["frames"][-1]
    assert "Dara" not in lines.getvalue()
