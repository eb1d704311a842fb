"""``[passes]``: what is read of strangers' codes, who issues passes, and with which keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pydantic import Field

from core.settings import Section


class PassSettings(Section):
    """Bounds. A QR code holds 7,089 digits or 2,953 octets at most (ISO/IEC 18004)."""

    longest_code: int = Field(default=200_000, ge=1_000)
    """Characters of one text: a file of a SMART Health Card is longer than a QR code."""
    largest_content: int = Field(default=65_536, ge=1_000)
    """Octets that a compressed part may unfold to."""
    most_chunks: int = Field(default=20, ge=1)
    """QR codes that one SMART Health Card may be spread over."""
    largest_file: int = Field(default=20 << 20, ge=1_000)
    """Octets of a file: a photograph, or a PDF file."""
    most_pixels: int = Field(default=40_000_000, ge=10_000)
    """Of a picture."""
    most_pages: int = Field(default=4, ge=1)
    """Pages of a PDF file that are looked at."""
    lists_lifetime: timedelta = timedelta(days=7)
    """How long a browser verifies with the lists that it has. After it nothing is green."""
    clock_tolerance: timedelta = timedelta(minutes=1)
    """How far a pass may be ahead of this clock and yet be in force."""
    token: str = "status"  # noqa: S105 - the name of a token, no secret
    """Where the keys of document signers live."""
    renew_before: timedelta = Field(default=timedelta(days=30), ge=timedelta(days=1))
    """How long before the end of its key's use a signer's successor is certified."""
    renews_itself: bool = True
    """Whether the scheduler does so, or an operator with `camtrust pass signers --renew` alone."""
    kept: timedelta = Field(default=timedelta(days=30), ge=timedelta(days=1))
    """How long records of batches are kept after their end, and texts of passes after theirs."""
    status_ttl: timedelta = Field(default=timedelta(minutes=15), ge=timedelta(seconds=1))
    """How long verifiers keep a list of statuses, of hashes or of signers before they ask again."""
    status_lifetime: timedelta = Field(default=timedelta(days=3), ge=timedelta(hours=1))
    """How long such a list counts for verifiers who cannot ask."""
    issuers: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """Which institutions issue passes of a type, where it is not those that the type names."""
