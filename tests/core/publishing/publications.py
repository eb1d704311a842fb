"""Publications of a made-up kind: a number in decimal digits, and then whatever."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import BinaryIO

from core.publishing.target import Kind, Publication


def order_of(file: BinaryIO) -> int:
    return int(file.readline())


NUMBERED = Kind("numbered", "application/pkix-crl", order_of)


def publication(
    name: str, order: int, more: bytes = b"", cache_control: str = "public, max-age=300"
) -> Publication:
    content = b"%d\n" % order + more
    return Publication(
        kind=NUMBERED,
        name=name,
        order=order,
        sha256=sha256(content).digest(),
        modified_at=datetime(2026, 11, 23, tzinfo=UTC).replace(second=order % 60),
        expires_at=datetime(2026, 11, 26, tzinfo=UTC),
        cache_control=cache_control,
        open=lambda: BytesIO(content),
    )
