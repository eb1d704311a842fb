"""The signed summary of a stamp: round trips, a second opinion, and every change found."""

from __future__ import annotations

import dataclasses
import random

import cbor2
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFilter

from signing.documents.stamps.qr_code import QUIET_ZONE, qr_picture
from signing.documents.verification.addresses import VerificationAddresses
from signing.documents.verification.compact_text import pack, unpack
from signing.documents.verification.errors import (
    DocumentUnknown,
    SummaryMalformed,
    SummaryNotGenuine,
    SummaryTooLong,
)
from signing.documents.verification.identifiers import DocumentId, from_base32, to_base32
from signing.documents.verification.summary import sign_summary, verify_summary
from tests.enrollment.world import SoftwareKey
from tests.signing.documents.verification.conftest import ID, SUMMARY

KEY = SoftwareKey(ec.generate_private_key(ec.SECP256R1()))
KEYS = {KEY.key_id[:8]: KEY.private.public_key()}
ADDRESSES = VerificationAddresses("https://verify.example.gov.kh")


def signed(**changed: object) -> str:
    return sign_summary(dataclasses.replace(SUMMARY, **changed), ID, KEY)  # type: ignore[arg-type]


def test_a_summary_is_read_as_it_was_signed() -> None:
    assert verify_summary(signed(), ID, KEYS.get) == SUMMARY  # type: ignore[arg-type]


def test_the_signature_is_that_of_rfc_9052_by_other_code() -> None:
    protected, unprotected, payload, signature = cbor2.loads(from_base32(signed()))
    assert cbor2.loads(protected) == {1: -7, 4: KEY.key_id[:8]}
    assert unprotected == {}
    external = b"camtrust document summary 1" + bytes(range(16))
    message = cbor2.dumps(["Signature1", protected, external, payload])
    der = encode_dss_signature(
        int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    )
    KEY.private.public_key().verify(der, message, ec.ECDSA(SHA256()))  # type: ignore[union-attr,call-arg,arg-type]
    assert cbor2.loads(payload)[7] == SUMMARY.sha256


def test_khmer_takes_one_octet_a_letter() -> None:
    assert pack("ក្រសួង") == bytes([0x80, 0xD2, 0x9A, 0x9F, 0xBD, 0x84])
    assert pack("MOH 12") == "MOH 12"
    assert pack("ก") == "ก"


@given(st.text(max_size=40) | st.text(alphabet="កខ្រាំ abc/1", max_size=40))
def test_every_text_is_unpacked_as_it_was_packed(text: str) -> None:
    assert unpack(pack(text)) == text


@given(st.binary(max_size=60))
def test_base32_has_one_spelling_for_one_value(octets: bytes) -> None:
    assert from_base32(to_base32(octets)) == octets


@given(st.integers(0, 10_000), st.integers(1, 31))
def test_no_character_of_a_summary_can_be_changed_unseen(at: int, by: int) -> None:
    alphabet, text = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", signed()
    at %= len(text)
    other = alphabet[(alphabet.index(text[at]) + by) % 32]
    if other == text[at]:
        return
    with pytest.raises((SummaryMalformed, SummaryNotGenuine)):
        verify_summary(text[:at] + other + text[at + 1 :], ID, KEYS.get)  # type: ignore[arg-type]


def test_the_summary_of_another_document_is_not_genuine() -> None:
    with pytest.raises(SummaryNotGenuine, match="another document"):
        verify_summary(signed(), DocumentId.new(), KEYS.get)  # type: ignore[arg-type]


def test_a_summary_by_a_key_that_is_not_ours_is_not_genuine() -> None:
    with pytest.raises(SummaryNotGenuine, match="key of ours"):
        verify_summary(signed(), ID, {}.get)


@pytest.mark.parametrize("text", ["", "A", "!", "A" * 9, "A" * 5000, "MFRGG" * 20])
def test_what_is_no_summary_is_malformed(text: str) -> None:
    with pytest.raises(SummaryMalformed):
        verify_summary(text, ID, KEYS.get)  # type: ignore[arg-type]


@given(st.binary(max_size=120))
def test_strangers_octets_raise_nothing_but_refusals(octets: bytes) -> None:
    with pytest.raises((SummaryMalformed, SummaryNotGenuine)):
        verify_summary(to_base32(octets), ID, KEYS.get)  # type: ignore[arg-type]


def test_too_many_or_too_long_fields_are_refused_before_a_signature() -> None:
    with pytest.raises(SummaryTooLong, match="at most 6 key fields"):
        signed(fields=(("a", "b"),) * 7)
    with pytest.raises(SummaryTooLong, match="room for 300") as refusal:
        signed(fields=(("label", "x" * 200),))
    assert refusal.value.kept == "Nothing was signed."


def test_identifiers_are_read_in_either_case_and_no_other_spelling() -> None:
    assert DocumentId.parse(str(ID).lower()) == ID
    assert len(str(DocumentId.new())) == 26
    for wrong in ("", "A" * 25, "A" * 27, "A" * 25 + "B", "0" * 26, "១" * 26):
        with pytest.raises(DocumentUnknown):
            DocumentId.parse(wrong)


def test_the_qr_address_differs_from_the_printed_one_in_case_alone() -> None:
    assert ADDRESSES.printed(ID) == f"https://verify.example.gov.kh/v/{ID}"
    assert ADDRESSES.in_qr(ID, "ABC") == f"HTTPS://VERIFY.EXAMPLE.GOV.KH/V/{ID}#ABC"


def drawn(text: str, *, dots: int) -> Image.Image:
    """The code as a printer of 300 dots an inch puts it on paper, each module ``dots`` wide."""
    picture = qr_picture(text)
    side = picture.modules
    image = Image.new("L", (side, side), 255)
    for y, row in enumerate(picture.rows):
        for x, is_dark in enumerate(row):
            if is_dark:
                image.putpixel((x + QUIET_ZONE, y + QUIET_ZONE), 0)
    return image.resize((side * dots, side * dots), Image.Resampling.NEAREST)


def photographed(image: Image.Image) -> Image.Image:
    """What a phone makes of it: unsharp, a little turned, uneven light, noise."""
    blurred = image.filter(ImageFilter.GaussianBlur(1.3)).rotate(4, fillcolor=255, expand=True)
    shade = Image.linear_gradient("L").resize(blurred.size).point(lambda value: 130 + value // 2)
    grey = ImageChops.multiply(blurred, shade).point(lambda value: 40 + value * 4 // 5)
    return ImageChops.add(grey, Image.effect_noise(grey.size, 12), offset=-128)


def test_the_longest_summary_stays_within_the_version_that_is_promised() -> None:
    fields = tuple((f"field {number}", "x" * 10) for number in range(6))
    text = signed(fields=fields)
    assert 270 <= len(from_base32(text)) <= 300
    picture = qr_picture(ADDRESSES.in_qr(ID, text))
    assert picture.version <= 15
    assert picture.smallest_side_mm < 29


@pytest.mark.parametrize("seed", range(5))
def test_a_phone_reads_the_code_from_paper_with_noise_and_a_stain(seed: int) -> None:
    address = ADDRESSES.in_qr(ID, signed())
    # A third of a millimetre is 3.9 dots at 300 dots an inch.
    paper = drawn(address, dots=4)
    stain = random.Random(seed)
    size = paper.width // 12
    x, y = (stain.randrange(paper.width // 3, paper.width * 2 // 3) for _ in range(2))
    paper.paste(128, (x, y, x + size, y + size))
    (code,) = zxingcpp.read_barcodes(photographed(paper))
    assert code.text == address
    assert verify_summary(code.text.partition("#")[2], ID, KEYS.get) == SUMMARY  # type: ignore[arg-type]
