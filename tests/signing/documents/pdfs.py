"""PDFs made here: pages of any size, form fields, and what hostile people make."""

from __future__ import annotations

import zlib
from collections.abc import Sequence


def pdf(*objects: bytes, root: int = 1, extra: bytes = b"") -> bytes:
    """Return a PDF of numbered objects with a classic cross-reference table."""
    body, offsets = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        body += b"%010d 00000 n \n" % offset
    body += b"trailer\n<< /Size %d /Root %d 0 R %s >>\n" % (len(objects) + 1, root, extra)
    return bytes(body + b"startxref\n%d\n%%%%EOF\n" % table)


def stream(content: bytes, extra: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), extra, content)


def one_page(padding: int = 0) -> bytes:
    """Return a page; ``padding`` octets of it are an attachment that says nothing."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>",
        stream(b"0 0 m 100 100 l S"),
    ]
    if padding:
        objects.append(stream(bytes(padding)))
    return pdf(*objects)


def with_fields(*fields: bytes, annotations: Sequence[int] = ()) -> bytes:
    """Return a page with form fields, the first of them object 5."""
    numbers = b" ".join(b"%d 0 R" % (5 + place) for place in range(len(fields)))
    return pdf(
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [%s] >> >>" % numbers,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> "
        b"/Annots [%s] >>" % numbers,
        stream(b"0 0 m 100 100 l S"),
        *fields,
    )


def signature_field(name: str, extra: bytes = b"") -> bytes:
    return (
        b"<< /FT /Sig /T (%s) /Type /Annot /Subtype /Widget /F 132 /Rect [0 0 0 0] /P 3 0 R %s >>"
        % (name.encode(), extra)
    )


def text_field(name: str) -> bytes:
    return (
        b"<< /FT /Tx /T (%s) /Type /Annot /Subtype /Widget /F 4 /Rect [10 10 90 30] /P 3 0 R >>"
        % name.encode()
    )


def with_object_stream(content: bytes, *, header: bytes, count: int) -> bytes:
    """Return a PDF whose catalog, object 1, stands in an object stream of ``content``."""
    packed = zlib.compress(header + content, 9)
    body = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    at_stream = len(body)
    body += b"2 0 obj\n" + stream(
        packed,
        b"/Type /ObjStm /N %d /First %d /Filter /FlateDecode" % (count, len(header)),
    )
    body += b"\nendobj\n"
    at_table = len(body)
    rows = b"".join(
        bytes([kind]) + first.to_bytes(4, "big") + second.to_bytes(2, "big")
        for kind, first, second in (
            (0, 0, 65535),
            (2, 2, 0),
            (1, at_stream, 0),
            (1, at_table, 0),
        )
    )
    body += b"3 0 obj\n" + stream(rows, b"/Type /XRef /W [1 4 2] /Size 4 /Root 1 0 R")
    return bytes(body + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % at_table)
