"""A document is read in portions, and never more of it than the settings allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from signing.documents.errors import UNHARMED, DocumentTooLarge

PORTION_OCTETS = 1 << 20


def portions(source: BinaryIO, *, largest_octets: int) -> Iterator[bytes]:
    """Yield a document's octets in portions. Raises DocumentTooLarge."""
    total = 0
    while portion := source.read(PORTION_OCTETS):
        total += len(portion)
        check_size(total, largest_octets=largest_octets)
        yield portion


def check_size(octets: int, *, largest_octets: int) -> None:
    """Let a document pass that is no larger. Raises DocumentTooLarge."""
    if octets > largest_octets:
        raise DocumentTooLarge(
            f"Documents have at most {largest_octets} octets here.",
            kept=UNHARMED,
            limit_octets=largest_octets,
        )
