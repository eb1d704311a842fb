"""PDFs made by tests, signed with pyHanko's own signer: not by the engine that is tested beside."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, PdfTimeStamper
from pyhanko_certvalidator import ValidationContext

from tests.signing.documents.validation.authorities import SIGNED, Hierarchy, Party

PAGE = b"BT /F1 24 Tf 72 700 Td (Pay one hundred riel) Tj ET"


def objects(page: bytes = PAGE) -> dict[int, bytes]:
    """Return the objects of a document of one page with a text field."""
    return {
        1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R] >> >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Annots [6 0 R] "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        4: stream(page),
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        6: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (amount) /V (100) /Rect [72 600 272 630] "
        b"/P 3 0 R /F 4 /DA (/F1 12 Tf) /AP << /N 7 0 R >> >>",
        7: stream(b"/Tx BMC EMC", b"/Type /XObject /Subtype /Form /BBox [0 0 200 30] "),
    }


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< %s/Length %d >>\nstream\n%s\nendstream" % (entries, len(data), data)


def build(parts: dict[int, bytes]) -> bytes:
    """Return a PDF with a cross-reference table."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    return bytes(out) + _section(parts, len(out), previous=None)


def update(pdf: bytes, parts: dict[int, bytes], *, root: bytes = b"1 0 R") -> bytes:
    """Append an incremental update that replaces or adds objects."""
    return pdf + _section(parts, len(pdf), previous=last_startxref(pdf), root=root)


def last_startxref(pdf: bytes) -> int:
    return int(pdf[pdf.rfind(b"startxref") + 9 :].split()[0])


def _section(
    parts: dict[int, bytes], base: int, *, previous: int | None, root: bytes = b"1 0 R"
) -> bytes:
    out, offsets = bytearray(), dict[int, int]()
    for number, body in parts.items():
        offsets[number] = base + len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = base + len(out)
    out += b"xref\n"
    if previous is None:
        out += b"0 1\n0000000000 65535 f \n"
    for number in sorted(offsets):
        out += b"%d 1\n%010d 00000 n \n" % (number, offsets[number])
    # Never less than before, or a strict reader refuses the update for that reason alone.
    size = 60 if previous is None else 900
    entries = b"/Size %d /Root %s" % (size, root)
    if previous is not None:
        entries += b" /Prev %d" % previous
    out += b"trailer\n<< %s >>\nstartxref\n%d\n%%%%EOF\n" % (entries, start)
    return bytes(out)


def object_of(pdf: bytes, marker: bytes) -> tuple[int, bytes]:
    """Return number and body of the last object that contains ``marker``."""
    at = pdf.rfind(marker)
    start = pdf.rfind(b" 0 obj", 0, at)
    begin = max(pdf.rfind(b"\n", 0, start), pdf.rfind(b"\r", 0, start)) + 1
    body = pdf[start + 6 : pdf.find(b"endobj", at)]
    return int(pdf[begin:start]), body.strip()


@dataclass
class Signed:
    """Makes signed documents with one hierarchy."""

    hierarchy: Hierarchy

    def sign(
        self,
        pdf: bytes | None = None,
        *,
        level: str = "B-B",
        at: datetime = SIGNED,
        party: Party | None = None,
        field: str = "Signature1",
        box: tuple[int, int, int, int] | None = None,
        existing: bool = False,
        **metadata: Any,
    ) -> bytes:
        """Return ``pdf`` signed at a level, with a visible field where ``box`` is given."""
        pdf = build(objects()) if pdf is None else pdf
        archived = level in ("B-LT", "B-LTA")
        settings = PdfSignatureMetadata(
            field_name=field,
            md_algorithm="sha256",
            subfilter=metadata.pop("subfilter", SigSeedSubFilter.PADES),
            embed_validation_info=archived,
            use_pades_lta=level == "B-LTA",
            validation_context=self.context(at, party) if archived else None,
            **metadata,
        )
        signer = PdfSigner(
            settings,
            self.hierarchy.pyhanko_signer(party),
            timestamper=self.hierarchy.time_stamper(at) if level != "B-B" else None,
            new_field_spec=None if existing else SigFieldSpec(field, box=box),
        )
        out = io.BytesIO()
        signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out)
        return out.getvalue()

    def context(self, at: datetime, party: Party | None = None) -> ValidationContext:
        """Return pyHanko's context with fresh evidence about everybody."""
        chain = self.hierarchy
        answered = at + timedelta(minutes=1)
        return ValidationContext(
            trust_roots=[chain.root.asn1],
            other_certs=[chain.issuing.asn1],
            crls=[chain.crl(chain.root, at=at - timedelta(days=1), days=90)],
            ocsps=[
                chain.ocsp(party or chain.signer, at=answered),
                chain.ocsp(chain.tsa, at=answered),
            ],
            revocation_mode="require",
            allow_fetching=False,
            moment=answered,
        )

    def time_stamp(self, pdf: bytes, *, at: datetime) -> bytes:
        """Add a document time-stamp."""
        out = io.BytesIO()
        PdfTimeStamper(self.hierarchy.time_stamper(at)).timestamp_pdf(
            IncrementalPdfFileWriter(io.BytesIO(pdf)),
            md_algorithm="sha256",
            validation_context=self.context(at),
            output=out,
        )
        return out.getvalue()
