"""Who answers for a document: the port to the register of institutions."""

from __future__ import annotations

from typing import Protocol

from signing.documents.stamps.content import Words


class Offices(Protocol):
    """Knows what institutions are called."""

    def name_of(self, institution: str) -> Words:
        """Return the name in Khmer and English; the identifier itself where there is none."""
