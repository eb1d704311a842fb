"""Real files of other people's: each is signed so that all judges agree, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import CamtrustError
from signing.documents.levels import Level
from tests.signing.documents.judges import Judges
from tests.signing.documents.world import World

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "vectors" / "pdf"

# What is refused without a password, and why.
REFUSED = {
    "dss-pdfa2a-rgb.pdf": "pdf-broken",
    "dss-xref-streams.pdf": "pdf-broken",
    "js-circular-pages.pdf": "pdf-broken",
    "py-xref-size-wrong.pdf": "pdf-broken",
    "js-enc-issue15893.pdf": "pdf-broken",
    "js-helloworld-bad.pdf": "pdf-broken",
    "py-enc-aes256.pdf": "pdf-password-missing",
    "py-enc-rc4.pdf": "pdf-password-missing",
    "py-hybrid-xref.pdf": "pdf-hybrid-references",
    "sf-libreoffice-password.pdf": "pdf-password-missing",
}
PASSWORDS = {
    "py-enc-aes256.pdf": "usersecret",
    "py-enc-rc4.pdf": "usersecret",
    "sf-libreoffice-password.pdf": "openpassword",
}
NAMES = sorted(path.name for path in VECTORS.glob("*.pdf")) or ["none"]


def read(name: str) -> bytes:
    path = VECTORS / name
    if not path.exists():
        # Other people's files lie beside the checkout, and are no part of it.
        pytest.skip(f"{VECTORS} holds no {name}")
    return path.read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_published_pdf_is_signed_as_all_judges_agree_or_refused_with_its_reason(
    name: str, world: World, judges: Judges
) -> None:
    original = read(name)
    if name in REFUSED:
        with pytest.raises(CamtrustError) as refusal:
            world.sign(original)
        assert refusal.value.problem == REFUSED[name]
        assert refusal.value.kept
        return
    agree(judges, original, world.sign(original, level=Level.B_LTA), None)


@pytest.mark.parametrize("name", sorted(PASSWORDS))
def test_an_encrypted_pdf_is_signed_with_its_password(
    name: str, world: World, judges: Judges
) -> None:
    original, password = read(name), PASSWORDS[name]
    agree(judges, original, world.sign(original, level=Level.B_LTA, password=password), password)


def agree(judges: Judges, original: bytes, signed: bytes, password: str | None) -> None:
    # ISO 32000-2, Section 7.5.6: an incremental update leaves every octet where it was.
    assert signed.startswith(original)
    code, said = judges.qpdf(signed, password)
    before, said_before = judges.qpdf(original, password)
    # 3: warnings, of which there may be no more than before.
    assert code in {0, before}, f"{said}\n{said_before}"
    assert "Signature Validation: Signature is Valid." in judges.pdfsig(signed, password)
    code, said = judges.adesverify(signed, password=password)
    assert code == 0, said
    assert ":INTACT:TRUSTED" in said, said
