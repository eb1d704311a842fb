"""All of it at once: a PDF is stamped, signed, registered, printed, and checked from the paper."""

from __future__ import annotations

import dataclasses
import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest
import zxingcpp
from pyhanko.sign import signers

from signing.documents.stamps.content import StampContent
from signing.documents.stamps.stamping import Stamping
from signing.documents.stamps.template import StampTemplate
from signing.documents.verification.errors import SummaryNotGenuine, SummaryTooLong
from signing.documents.verification.identifiers import DocumentId
from signing.documents.verification.summary import verify_summary
from tests.enrollment.world import World
from tests.signing.documents.stamps import conftest as stamps
from tests.signing.documents.stamps.conftest import Stamped, page
from tests.signing.documents.verification.conftest import DETAILS

# The fixtures of stamps, here too.
stamping, signer, stamp, content = stamps.stamping, stamps.signer, stamps.stamp, stamps.content
TEMPLATE = StampTemplate(x=15, y=15, width=140, height=55, lunar_date=True)
FIELDS = (("Amount", "12,500,000 KHR"), ("អ្នកទទួល", "ក្រុមហ៊ុន ក ខ គ"))


def test_a_printed_page_proves_what_it_says_and_which_file_it_is_of(
    world: World,
    stamping: Stamping,
    signer: signers.SimpleSigner,
    stamp: Callable[..., Stamped],
    content: StampContent,
    require: Callable[[str], str],
    tmp_path: Path,
) -> None:
    require("pdftoppm")
    document, source = DocumentId.new(), page("")
    verifiable = world.verification.stamps
    complete = verifiable.complete(content, document, io.BytesIO(source), fields=FIELDS)
    stamped = stamp(source, TEMPLATE, complete)
    signed = stamped.path.read_bytes()
    registered = verifiable.register(complete, document, DETAILS, io.BytesIO(signed))

    # Paper: 300 dots an inch.
    (code,) = zxingcpp.read_barcodes(stamped.drawn(dpi=300).convert("L"))
    address, _, text = code.text.partition("#")
    assert address.lower() == f"{world.public_url}/v/{document}".lower()
    assert f"{world.public_url}/v/{document}" in "".join(stamped.text().split())
    summary = verify_summary(text, document, world.verification.keys.public_key)

    # What the paper says is what was signed.
    assert summary.number == content.number
    assert summary.signer == content.signer.khmer
    assert summary.institution == content.ministry.khmer
    assert summary.signed_at == content.moment
    assert summary.fields == FIELDS
    # The file that it is of: the beginning of the signed one.
    assert hashlib.sha256(signed[: summary.length]).digest() == summary.sha256
    assert registered.signatures[0].sha256 == hashlib.sha256(signed).digest()
    assert registered.signatures[0].signer == content.signer
    with pytest.raises(SummaryNotGenuine):
        verify_summary(text, DocumentId.new(), world.verification.keys.public_key)


def test_a_stamp_may_go_without_a_summary(world: World, content: StampContent) -> None:
    document = DocumentId.new()
    found = world.verification.stamps.complete(
        content, document, io.BytesIO(b"x"), is_summarized=False
    )
    assert found.qr_text == f"{world.public_url}/v/{document}".upper()


def test_fields_that_do_not_fit_are_refused_before_anything_is_signed(
    world: World, content: StampContent
) -> None:
    long = dataclasses.replace(content, number="1" * 150)
    with pytest.raises(SummaryTooLong, match="room for 300"):
        world.verification.stamps.complete(long, DocumentId.new(), io.BytesIO(b"x"), fields=FIELDS)
