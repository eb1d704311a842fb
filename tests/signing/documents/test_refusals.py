"""Bad input: a clear refusal, nothing half-written, the input unharmed, and an end in time."""

from __future__ import annotations

import errno
import io
import os
import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ca.revocation.reasons import RevocationReason
from core.errors import CamtrustError, Unavailable
from hsm.errors import TokenUnavailable
from signing.documents.deadline import DeadlinePassed, deadline
from signing.documents.errors import PdfBroken
from signing.documents.levels import Level
from signing.documents.options import SigningOptions
from signing.documents.ports import Evidence
from signing.documents.reading import reading
from signing.documents.settings import DocumentSettings
from signing.documents.signing import DocumentSigning
from tests.signing.documents.pdfs import one_page, pdf, with_fields, with_object_stream
from tests.signing.documents.world import World

B_B = SigningOptions(level=Level.B_B)
PAGE = one_page()


def problem_of(engine: DocumentSigning, world: World, content: bytes, **options: Any) -> str:
    with pytest.raises(CamtrustError) as refusal:
        engine.sign(io.BytesIO(content), io.BytesIO(), world.seal, replace(B_B, **options))
    assert refusal.value.kept
    return refusal.value.problem


def page_tree(kids: bytes, count: int) -> bytes:
    return pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count),
        b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R] /Count 1 >>",
    )


# An object stream of a hundred million octets, in a hundred thousand.
BOMB = with_object_stream(b"<< /Type /Catalog >>" + bytes(100_000_000), header=b"1 0 ", count=1)
# Each field has two kids, which are one and the same: a million million ways through it.
FOREST = with_fields(
    *(
        b"<< /FT /Tx /T (f%d) /Kids [%d 0 R %d 0 R] >>" % (each, each + 6, each + 6)
        for each in range(40)
    ),
    b"<< /FT /Tx /T (last) >>",
)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "pdf-broken"),
        (b"GIF89a", "pdf-broken"),
        (b"%PDF-1.7\n", "pdf-broken"),
        (PAGE[:-40], "pdf-broken"),
        (PAGE[200:], "pdf-broken"),
        (page_tree(b"3 0 R", 1), "pdf-broken"),
        (page_tree(b"2 0 R", 1), "pdf-broken"),
        (page_tree(b"9 0 R", 1), "pdf-broken"),
        (PAGE.replace(b"/Pages 2 0 R", b"/Pages 4 0 R"), "pdf-broken"),
        (PAGE.replace(b"/Root 1 0 R", b"/Root 9 0 R"), "pdf-broken"),
        (b"%PDF-1.7\n" + b"[" * 100_000 + b"\nstartxref\n9\n%%EOF\n", "pdf-broken"),
        (BOMB, "pdf-expands-too-far"),
        (FOREST, "pdf-too-slow"),
    ],
    ids=[
        "empty",
        "a-gif",
        "a-header-alone",
        "cut-off-at-the-end",
        "cut-off-at-the-beginning",
        "a-page-tree-loop",
        "a-page-tree-that-is-its-own-child",
        "a-page-that-is-missing",
        "a-stream-for-a-page-tree",
        "no-catalog",
        "nested-too-deep",
        "a-zip-bomb",
        "a-form-without-end",
    ],
)
def test_a_hostile_pdf_is_refused_in_time(content: bytes, problem: str, world: World) -> None:
    begun = time.monotonic()
    assert problem_of(world.engine(reading_seconds=1.0), world, content) == problem
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("offset", [b"-5", b"4611686018427387904"])
def test_an_offset_that_no_file_has_is_refused_in_a_file_as_in_memory(
    offset: bytes, world: World, tmp_path: Path
) -> None:
    content = PAGE.replace(b"/Size", b"/Prev %s /Size" % offset)
    assert problem_of(world.engine(), world, content) == "pdf-broken"
    with (tmp_path / "large").open("x+b") as target, pytest.raises(PdfBroken):
        world.engine().sign(io.BytesIO(content), target, world.seal, B_B)


def test_a_disk_that_fails_while_a_document_is_read_is_no_fault_of_the_document() -> None:
    with pytest.raises(OSError, match="Input/output error"), reading(1.0):
        raise OSError(errno.EIO, os.strerror(errno.EIO))


@given(st.integers(0, len(PAGE) - 1), st.integers(0, 255), st.booleans())
@settings(max_examples=60, deadline=None)
def test_whatever_octet_is_changed_or_cut_nothing_but_a_refusal_comes_out(
    world: World, at: int, octet: int, cut: bool
) -> None:
    changed = PAGE[:at] if cut else PAGE[:at] + bytes([octet]) + PAGE[at + 1 :]
    try:
        world.engine().sign(io.BytesIO(changed), io.BytesIO(), world.seal, B_B)
    except CamtrustError as refusal:
        assert refusal.kept


def test_a_document_over_the_limit_is_refused_and_one_at_the_limit_is_signed(
    world: World,
) -> None:
    limit = 4096
    engine = world.engine(largest_octets=limit)
    assert len(PAGE) < limit
    assert problem_of(engine, world, one_page(limit)) == "document-too-large"
    engine = world.engine(largest_octets=len(one_page(limit)))
    assert engine.sign(io.BytesIO(one_page(limit)), io.BytesIO(), world.seal, B_B).field


def test_a_wrong_password_is_told_from_a_missing_one(world: World, tmp_path: Path) -> None:
    from tests.signing.documents.world import run

    plain, locked = tmp_path / "plain.pdf", tmp_path / "locked.pdf"
    plain.write_bytes(PAGE)
    run("qpdf", "--encrypt", "user", "owner", "256", "--", plain, locked)
    engine, content = world.engine(), locked.read_bytes()
    assert problem_of(engine, world, content) == "pdf-password-missing"
    assert problem_of(engine, world, content, password="no") == "pdf-password-wrong"


def test_nothing_is_left_of_a_signature_that_failed_and_the_input_is_unharmed(
    world: World, tmp_path: Path
) -> None:
    source, target = tmp_path / "in.pdf", tmp_path / "out.pdf"
    source.write_bytes(PAGE[:-40])
    target.write_bytes(b"an older result")
    with pytest.raises(CamtrustError):
        world.paths().sign(source, target, world.seal, B_B)
    assert source.read_bytes() == PAGE[:-40]
    assert target.read_bytes() == b"an older result"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in.pdf", "out.pdf"]


def test_a_result_does_not_go_over_its_input(world: World, tmp_path: Path) -> None:
    source, link = tmp_path / "in.pdf", tmp_path / "link.pdf"
    source.write_bytes(PAGE)
    link.symlink_to(source)
    for target in (source, link):
        with pytest.raises(CamtrustError, match="another file"):
            world.paths().sign(source, target, world.seal, B_B)
    with pytest.raises(CamtrustError, match="cannot be written"):
        world.paths().sign(source, tmp_path / "no" / "out.pdf", world.seal, B_B)
    assert source.read_bytes() == PAGE


def test_who_is_revoked_suspended_or_expired_does_not_sign(world: World) -> None:
    signer = world.signer("coming-and-going")
    serial = signer.certificate.serial_number
    revocation = world.services.revocation

    def said() -> str:
        with pytest.raises(CamtrustError) as refusal:
            world.sign(PAGE, signer, level=Level.B_B)
        return refusal.value.problem

    revocation.hold(serial_number=serial)
    assert said() == "signer-suspended"
    revocation.release(serial_number=serial)
    assert world.sign(PAGE, signer, level=Level.B_B)
    revocation.revoke(serial_number=serial, reason=RevocationReason.SUPERSEDED)
    assert said() == "signer-revoked"

    class Later:
        def now(self) -> datetime:
            return world.services.clock.now() + timedelta(days=4000)

    engine = DocumentSigning(
        timestamps=world.timestamps,
        statuses=world.services.documents.statuses,
        settings=DocumentSettings(),
        clock=Later(),
    )
    assert problem_of(engine, world, PAGE) == "signer-expired"


class Away:
    """What is not to be reached."""

    def timestamp(self, digest: bytes, hash_name: str) -> bytes:
        raise Unavailable("It is away.")

    def standing(self, *_: object) -> str:
        return "good"

    def evidence(self, *_: object) -> Evidence:
        raise TokenUnavailable("It is away.")


def test_without_time_stamps_or_answers_nothing_is_signed_above_what_needs_neither(
    world: World,
) -> None:
    away, statuses = Away(), world.services.documents.statuses
    clock, wanted = world.services.clock, DocumentSettings()
    no_time = DocumentSigning(timestamps=away, statuses=statuses, settings=wanted, clock=clock)
    no_answers = DocumentSigning(
        timestamps=world.timestamps,
        statuses=away,  # type: ignore[arg-type]
        settings=wanted,
        clock=clock,
    )
    assert problem_of(no_time, world, PAGE, level=Level.B_T) == "timestamp-unavailable"
    assert problem_of(no_answers, world, PAGE, level=Level.B_LT) == "status-unavailable"
    for engine in (no_time, no_answers):
        assert engine.sign(io.BytesIO(PAGE), io.BytesIO(), world.seal, B_B).field


def test_an_answer_from_before_the_time_stamp_is_asked_for_again(world: World) -> None:
    real, asked = world.services.documents.statuses, []

    class Early:
        standing = staticmethod(real.standing)

        def evidence(self, *about: Any) -> Evidence:
            found = real.evidence(*about)
            if about[0] == world.seal.certificate:
                asked.append(found)
                if len(asked) == 1:
                    return replace(found, this_update=found.this_update - timedelta(hours=1))
            return found

    engine = DocumentSigning(
        timestamps=world.timestamps,
        statuses=Early(),
        settings=DocumentSettings(),
        clock=world.services.clock,
    )
    target = io.BytesIO()
    engine.sign(io.BytesIO(PAGE), target, world.seal, SigningOptions(level=Level.B_LT))
    assert len(asked) >= 2
    assert asked[-1].der in target.getvalue()


def test_a_deadline_ends_what_catches_everything_and_nothing_after_it() -> None:
    def endless() -> None:
        while True:
            try:
                sum(range(1000))
            except Exception:
                continue

    def in_a_thread() -> None:
        with pytest.raises(DeadlinePassed), deadline(0.1):
            endless()
        with deadline(60):
            time.sleep(0.6)
        outcomes.append("whole")

    outcomes: list[str] = []
    thread = threading.Thread(target=in_a_thread)
    thread.start()
    thread.join(10)
    assert outcomes == ["whole"]
