"""poppler's pdfsig and pyHanko's own validators, on the same documents.

On good documents all agree. On attacked ones we are never milder than either; where they are
milder than we are, the lists below say so, and so does docs/reference/validation-policy.md.
"""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from signing.documents.validation.indications import Verdict
from tests.signing.documents.validation.authorities import NOW, Hierarchy
from tests.signing.documents.validation.conftest import Validate
from tests.signing.documents.validation.documents import Signed
from tests.signing.documents.validation.test_attacks import ATTACKS, fooled, victim_page

Require = Callable[[str], str]

# pyHanko's validators look at what a cross-reference table names, and at nothing else.
MILDER_PYHANKO = {
    "data_behind_the_signature",
    "replaced_page_with_ending_only",
    "replaced_page_without_table",
    "text_behind_the_end",
    # Without a certification pyHanko lets forms be filled in; we do not.
    "replaced_field_appearance",
    "replaced_field_value",
}
# pdfsig checks the signature over its range, and says whether that is the whole file.
STRICT_PDFSIG = {
    "moved_second_part",
    "range_beyond_the_file",
    "range_that_begins_later",
    "range_that_ends_early",
    "range_that_is_double",
    "range_that_overlaps",
} | {name for name in ATTACKS if name.startswith("forged: ")}


@pytest.fixture(scope="module")
def nss(hierarchy: Hierarchy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nss")
    (folder / "root.pem").write_bytes(hierarchy.root.pem)
    database = f"sql:{folder}"
    for arguments in (
        ["-N", "-d", database, "--empty-password"],
        ["-A", "-d", database, "-n", "root", "-t", "CT,C,C", "-i", str(folder / "root.pem")],
    ):
        subprocess.run(["certutil", *arguments], check=True, capture_output=True)
    return folder


@pytest.fixture
def pdfsig(
    require: Require, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[[bytes], bool]:
    require("certutil")
    program = require("pdfsig")
    folder: Path = request.getfixturevalue("nss")

    def ask(pdf: bytes) -> bool:
        path = tmp_path / "document.pdf"
        path.write_bytes(pdf)
        said = subprocess.run(
            [program, "-nocert", "-nssdir", str(folder), str(path)],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        return "Signature Validation: Signature is Valid." in said

    return ask


def pyhanko_agrees(pdf: bytes, hierarchy: Hierarchy) -> bool:
    """Ask pyHanko's own validator for its bottom line."""
    reader = PdfFileReader(io.BytesIO(pdf))
    lines = []
    for one in reader.embedded_regular_signatures:
        context = ValidationContext(
            trust_roots=[hierarchy.root.asn1],
            allow_fetching=False,
            revocation_mode="soft-fail",
            moment=NOW,
        )
        lines.append(validate_pdf_signature(one, context).bottom_line)
    return bool(lines) and all(lines)


@pytest.fixture(scope="module")
def victim(signed: Signed) -> bytes:
    return signed.sign(victim_page(), box=(300, 100, 500, 150), reason="I approve")


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
def test_all_agree_on_good_documents(
    level: str,
    signed: Signed,
    hierarchy: Hierarchy,
    validate: Validate,
    pdfsig: Callable[[bytes], bool],
) -> None:
    pdf = signed.sign(level=level)
    assert validate(pdf).verdict is Verdict.TOTAL_PASSED
    assert pyhanko_agrees(pdf, hierarchy)
    assert pdfsig(pdf)


@pytest.mark.parametrize("name", ATTACKS)
def test_we_are_never_milder_than_pyhanko(
    name: str, victim: bytes, hierarchy: Hierarchy, validate: Validate
) -> None:
    attacked = ATTACKS[name](victim)
    try:
        agrees = pyhanko_agrees(attacked, hierarchy)
    except Exception:
        agrees = False  # It refuses by whatever its parser raises.
    assert agrees is (name in MILDER_PYHANKO)
    assert not fooled(validate, attacked)


def test_pdfsig_sees_what_it_is_listed_to_see(
    victim: bytes, pdfsig: Callable[[bytes], bool]
) -> None:
    seen = {name for name, attack in ATTACKS.items() if not pdfsig(attack(victim))}
    assert seen == STRICT_PDFSIG


def test_the_adesverify_command_agrees_on_integrity(
    require: Require, b_lta: bytes, hierarchy: Hierarchy, tmp_path: Path
) -> None:
    program = require("pyhanko")
    (tmp_path / "root.pem").write_bytes(hierarchy.root.pem)
    (tmp_path / "document.pdf").write_bytes(b_lta)
    said = subprocess.run(
        f"{program} sign adesverify --trust root.pem --trust-replace "
        f"--validation-time {NOW.isoformat()} document.pdf".split(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert ":INTACT:TRUSTED" in said, said
