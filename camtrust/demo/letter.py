"""The letter that the demonstration signs: a PDF of one page, in the fonts every reader has."""

from __future__ import annotations

from collections.abc import Sequence

_LINES = (
    (18, "Test Ministry"),
    (12, "Letter of demonstration, number 1"),
    (12, "This letter is signed by the seal of an institution that there is not."),
    (12, "Its signature says when it was made, and proves itself without us."),
)
_LEFT, _TOP, _LINE = 72, 760, 28


def letter() -> bytes:
    """Return the letter."""
    text = b"".join(
        b"BT /F1 %d Tf %d %d Td (%s) Tj ET\n"
        % (size, _LEFT, _TOP - place * _LINE, line.encode("ascii"))
        for place, (size, line) in enumerate(_LINES)
    )
    return _pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            # A4 in points.
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        ]
    )


def _pdf(objects: Sequence[bytes]) -> bytes:
    # ISO 32000-2, Section 7.5: header, body, cross-reference table, trailer.
    body, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table, size = len(body), len(objects) + 1
    body += b"xref\n0 %d\n0000000000 65535 f \n" % size
    body += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    body += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, table)
    return bytes(body)
