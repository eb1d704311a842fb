"""The PDF that is signed: one page, and as many octets as are wanted in a stream beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_CHUNK = 1 << 20


def write_page(path: Path, octets: int = 0) -> Path:
    """Write a PDF of one page; ``octets`` of zeros make it large."""
    with path.open("wb") as file:
        for part in _parts(octets):
            file.write(part)
    return path


def _parts(octets: int) -> Iterator[bytes]:
    head = b"%PDF-1.7\n"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>",
        b"<< /Length 17 >>\nstream\n0 0 m 100 100 l S\nendstream",
    ]
    yield head
    place, offsets = len(head), []
    for number, content in enumerate(objects, start=1):
        offsets.append(place)
        part = b"%d 0 obj\n%s\nendobj\n" % (number, content)
        place += len(part)
        yield part
    offsets.append(place)
    begin, end = b"5 0 obj\n<< /Length %d >>\nstream\n" % octets, b"\nendstream\nendobj\n"
    yield begin
    for start in range(0, octets, _CHUNK):
        yield bytes(min(_CHUNK, octets - start))
    yield end
    place += len(begin) + octets + len(end)
    yield b"xref\n0 6\n0000000000 65535 f \n"
    yield b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    yield b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % place
