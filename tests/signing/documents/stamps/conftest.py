"""Stamps on real pages: signed by pyHanko with a key of the test, drawn by poppler."""

from __future__ import annotations

import io
import re
import subprocess
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from PIL import Image
from pyhanko.keys.internal import (
    translate_pyca_cryptography_cert_to_asn1,
    translate_pyca_cryptography_key_to_asn1,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signing.documents.dates.new_year import CAMBODIA
from signing.documents.stamps.content import StampContent, Words
from signing.documents.stamps.fonts import FontFolder
from signing.documents.stamps.seal import Seal
from signing.documents.stamps.stamping import PreparedStamp, Stamping
from signing.documents.stamps.template import StampTemplate

NOW = datetime(2026, 12, 1, 11, 16, tzinfo=CAMBODIA)


@dataclass(frozen=True)
class Stamped:
    """A signed file with its stamp."""

    path: Path
    prepared: PreparedStamp
    original: bytes

    @property
    def appearance(self) -> bytes:
        """The content stream of the stamp."""
        data = self.path.read_bytes()[len(self.original) :]
        streams = re.findall(rb"/Subtype /Form.*?stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)
        assert len(streams) == 1
        return zlib.decompress(streams[0])

    @property
    def added(self) -> bytes:
        """What was appended to the document."""
        return self.path.read_bytes()[len(self.original) :]

    def drawn(self, dpi: int = 150) -> Image.Image:
        """The stamped page as poppler draws it."""
        page = str(self.prepared.place.page)
        stem = self.path.with_suffix("")
        command = ["pdftoppm", "-r", str(dpi), "-png", "-f", page, "-l", page, "-singlefile"]
        subprocess.run([*command, self.path, stem], check=True)
        return Image.open(stem.with_suffix(".png"))

    def text(self) -> str:
        """The text of the stamped page as poppler extracts it, one line after the other."""
        page = str(self.prepared.place.page)
        command = ["pdftotext", "-layout", "-f", page, "-l", page, self.path, "-"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def stamping() -> Stamping:
    return Stamping(fonts=FontFolder())


@pytest.fixture(scope="session")
def signer() -> signers.SimpleSigner:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A test's signer")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    return signers.SimpleSigner(
        signing_cert=translate_pyca_cryptography_cert_to_asn1(certificate),
        signing_key=translate_pyca_cryptography_key_to_asn1(key),
        cert_registry=SimpleCertificateStore(),
    )


@pytest.fixture
def stamp(
    stamping: Stamping, signer: signers.SimpleSigner, tmp_path: Path
) -> Callable[..., Stamped]:
    def make(
        pdf: bytes, template: StampTemplate, content: StampContent, seal: Seal | None = None
    ) -> Stamped:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
        prepared = stamping.prepare(template, content, pdf=writer.prev, seal=seal)
        place = prepared.place
        pdf_signer = signers.PdfSigner(
            signers.PdfSignatureMetadata(field_name="Stamp"),
            signer,
            stamp_style=prepared.style,
            new_field_spec=fields.SigFieldSpec("Stamp", on_page=place.page - 1, box=place.box),
        )
        path = tmp_path / "stamped.pdf"
        with path.open("wb") as out:
            pdf_signer.sign_pdf(writer, output=out)
        return Stamped(path, prepared, pdf)

    return make


@pytest.fixture
def content() -> StampContent:
    return StampContent(
        signer=Words("ស្រី ស្ត្រីសុខ ចាន់ធូ", "SREY Sokchanthou"),
        moment=NOW,
        title=Words("អគ្គនាយកបច្ចេកវិទ្យា", "Director General of Technology"),
        ministry=Words("ក្រសួងប្រៃសណីយ៍និងទូរគមនាគមន៍", "Ministry of Post and Telecommunications"),
        on_behalf_of=Words("រដ្ឋមន្ត្រី", "the Minister"),
        number="១២៣ សជណ/MPTC-2026",
        address="https://verify.example.gov.kh/v/0123456789ABCDEFGHJKMNPQRS",
        qr_text="HTTPS://VERIFY.EXAMPLE.GOV.KH/V/0123456789ABCDEFGHJKMNPQRS",
    )


def page(boxes: str, drawing: bytes = b"") -> bytes:
    """Return a PDF of one page; ``boxes`` are entries of its page dictionary."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 595 842] >>",
        b"<< /Type /Page /Parent 2 0 R /Resources << >> /Contents 4 0 R %s >>" % boxes.encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
    ]
    return b"".join(_file(objects))


def _file(objects: list[bytes]) -> Iterator[bytes]:
    at = 0
    offsets = []
    head = b"%PDF-1.4\n"
    yield head
    at += len(head)
    for number, one in enumerate(objects, 1):
        body = b"%d 0 obj\n%s\nendobj\n" % (number, one)
        offsets.append(at)
        at += len(body)
        yield body
    rows = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    yield b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, rows)
    yield b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, at)
