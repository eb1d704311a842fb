"""A document stamped, signed and registered at one go, and its paper checked by others."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from click.testing import CliRunner, Result
from PIL import Image

from core.access import Principal, Role
from core.errors import CamtrustError
from signing.documents.commands import sign_document
from signing.documents.levels import Level
from signing.documents.options import SigningOptions
from signing.documents.stamped import StampedDocument, StampNeedsInstitution
from signing.documents.stamps.order import StampLook, read_wishes
from signing.documents.stamps.stored.errors import StampTemplateUnknown
from signing.documents.verification.errors import DocumentUnknown
from signing.documents.verification.identifiers import DocumentId
from signing.documents.verification.summary import verify_summary
from tests.published import published_pdf
from tests.signing.documents.judges import Judges
from tests.signing.documents.pdfs import one_page, signature_field, with_fields
from tests.signing.documents.world import World

PLACE = {"x": 15, "y": 15, "width": 140, "height": 55, "lunar_date": True}
ORDER: dict[str, Any] = {
    "place": PLACE,
    "signer": {"khmer": "ក្រសួងសាកល្បង", "english": "Test Ministry"},
    "fields": {"Amount": "12,500,000 KHR"},
    "number": "០១២",
    "title": "A letter",
}
OFFICE = "NTRKH-TEST0001"


def picture(side: int = 40) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), "navy").save(buffer, "PNG")
    return buffer.getvalue()


def stamped(
    world: World,
    source: bytes,
    *,
    institution: str | None = OFFICE,
    options: SigningOptions | None = None,
    **more: Any,
) -> tuple[StampedDocument, bytes]:
    target = io.BytesIO()
    order = read_wishes(json.dumps(ORDER | more).encode()).order(None)
    done = world.stamped().sign(
        io.BytesIO(source),
        target,
        world.seal,
        options or SigningOptions(level=Level.B_LT),
        order,
        institution=institution,
    )
    return done, target.getvalue()


def code_on(page: Path, number: int) -> str:
    """Draw a page as paper, and read the one code on it."""
    drawn = page.with_suffix("")
    subprocess.run(
        [
            *("pdftoppm", "-r", "300", "-png", "-singlefile"),
            *("-f", str(number), "-l", str(number), page, drawn),
        ],
        check=True,
    )
    (code,) = zxingcpp.read_barcodes(Image.open(f"{drawn}.png").convert("L"))
    return code.text


def last_page(path: Path) -> int:
    said = subprocess.run(["pdfinfo", path], check=True, capture_output=True, text=True).stdout
    return next(int(line.split()[1]) for line in said.splitlines() if line.startswith("Pages:"))


@pytest.mark.parametrize("name", ["dss-rotate-90", "js-hello-rotated", "sf-pdfa"])
def test_a_stamped_signature_is_valid_and_its_paper_proves_itself(
    world: World, judges: Judges, tmp_path: Path, name: str
) -> None:
    services = world.services
    done, signed = stamped(world, published_pdf(f"{name}.pdf").read_bytes())
    path = tmp_path / "signed.pdf"
    path.write_bytes(signed)
    assert "Signature is Valid" in judges.pdfsig(signed)
    assert judges.qpdf(signed)[0] in {0, 3}
    code, said = judges.adesverify(signed)
    assert code == 0, said

    address, _, text = code_on(path, last_page(path)).partition("#")
    assert address.lower().endswith(f"/v/{str(done.id).lower()}")
    summary = verify_summary(text, done.id, services.verification.keys.public_key)
    assert hashlib.sha256(signed[: summary.length]).digest() == summary.sha256
    assert summary.fields == (("Amount", "12,500,000 KHR"),)
    registered = services.verification.registry.find(done.id)
    assert registered.details.institution == OFFICE
    assert registered.details.title == "A letter"
    assert registered.signatures[0].length == len(signed)
    assert registered.signatures[0].sha256 == hashlib.sha256(signed).digest()


def test_a_stamp_takes_the_place_of_the_documents_own_field(
    world: World, judges: Judges, tmp_path: Path
) -> None:
    field = signature_field("Director").replace(b"[0 0 0 0]", b"[40 560 440 720]")
    source = with_fields(field, annotations=(5,))
    wishes = SigningOptions(level=Level.B_T, field="Director")
    _, signed = stamped(world, source, options=wishes)
    path = tmp_path / "signed.pdf"
    path.write_bytes(signed)
    assert "Signature Field Name: Director" in judges.pdfsig(signed)
    assert code_on(path, 1)
    box = subprocess.run(
        [
            *("pdftotext", "-f", "1", "-x", "40", "-y", "120", "-W", "400", "-H", "165"),
            *(path, "-"),
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "Test Ministry" in box


def test_without_another_word_the_stamp_says_what_certificate_and_register_say(
    world: World, tmp_path: Path
) -> None:
    _, signed = stamped(
        world, one_page(), signer={}, seal_image=base64.b64encode(picture()).decode()
    )
    path = tmp_path / "signed.pdf"
    path.write_bytes(signed)
    said = subprocess.run(["pdftotext", path, "-"], check=True, capture_output=True, text=True)
    assert "Test Ministry Document Seal" in said.stdout
    assert OFFICE in said.stdout


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"institution": None}, "stamp-needs-institution"),
        ({"place": PLACE | {"page": 7}}, "stamp-outside-page"),
        ({"place": PLACE | {"width": 20}}, "stamp-does-not-fit"),
        ({"signer": {"english": "印章"}}, "stamp-text-cannot-be-drawn"),
        ({"seal_image": base64.b64encode(b"no picture").decode()}, "seal-refused"),
        ({"fields": {f"Field {number}": "1" for number in range(7)}}, "stamp-summary-too-long"),
        ({"colour": "red"}, "stamp-template-malformed"),
        ({"seal_image": "a"}, "stamp-template-malformed"),
    ],
)
def test_what_cannot_be_stamped_is_refused_and_nothing_is_registered(
    world: World, more: dict[str, Any], problem: str
) -> None:
    before = world.services.log.sizes()
    with pytest.raises(CamtrustError) as refusal:
        stamped(world, one_page(), **more)
    assert refusal.value.problem == problem
    assert world.services.log.sizes() == before


def test_a_signature_that_fails_leaves_no_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = DocumentId.new()
    monkeypatch.setattr(DocumentId, "new", lambda: document)
    locked = SigningOptions(level=Level.B_T, field="Director")
    _, signed = stamped(world, one_page(), options=locked)
    again = DocumentId(bytes(16))
    monkeypatch.setattr(DocumentId, "new", lambda: again)
    with pytest.raises(CamtrustError, match="signed already"):
        stamped(world, signed, options=locked)
    with pytest.raises(DocumentUnknown):
        world.services.verification.registry.find(again)


def test_the_command_stamps_and_says_which_page(world: World, tmp_path: Path) -> None:
    (tmp_path / "in.pdf").write_bytes(one_page())
    (tmp_path / "stamp.json").write_text(json.dumps(ORDER))
    (tmp_path / "seal.png").write_bytes(picture())
    files = [str(tmp_path / "in.pdf"), str(tmp_path / "out.pdf")]
    stamp = ["--stamp", str(tmp_path / "stamp.json"), "--seal-image", str(tmp_path / "seal.png")]

    def run(*more: str) -> Result:
        arguments = ["--key", "seal", *more, *files]
        return CliRunner().invoke(sign_document, arguments, obj=world.services)

    refused = run(*stamp).exception
    assert isinstance(refused, StampNeedsInstitution)
    assert not (tmp_path / "out.pdf").exists()
    assert "belong to a --stamp" in run("--institution", OFFICE).output

    done = run(*stamp, "--institution", OFFICE, "--json")
    assert done.exit_code == 0, done.output
    page = json.loads(done.stdout)["page"]
    assert code_on(tmp_path / "out.pdf", 1).lower().startswith(page.lower())


def test_the_command_orders_by_the_name_of_a_template(world: World, tmp_path: Path) -> None:
    (tmp_path / "in.pdf").write_bytes(one_page())
    texts = {name: value for name, value in ORDER.items() if name != "place"}
    (tmp_path / "stamp.json").write_text(json.dumps(texts | {"template": "letters"}))
    files = [str(tmp_path / "in.pdf"), str(tmp_path / "out.pdf")]
    arguments = ["--key", "seal", "--stamp", str(tmp_path / "stamp.json")]
    arguments += ["--institution", OFFICE, *files]

    def run() -> Result:
        return CliRunner().invoke(sign_document, arguments, obj=world.services)

    assert isinstance(run().exception, StampTemplateUnknown)
    assert not (tmp_path / "out.pdf").exists()
    world.services.documents.templates.create(
        OFFICE,
        "letters",
        StampLook.model_validate({"place": ORDER["place"]}),
        by=Principal("client:office", Role.SERVICE, institution=OFFICE),
        act_id="0" * 32,
    )
    assert run().exit_code == 0
    assert (tmp_path / "out.pdf").exists()
