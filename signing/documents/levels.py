"""How long a signature shall be provable: the baseline levels of ETSI EN 319 142-1, Section 6."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """B-B signs, B-T says when, B-LT keeps the evidence, B-LTA stamps it against decay."""

    B_B = "B-B"
    B_T = "B-T"
    B_LT = "B-LT"
    B_LTA = "B-LTA"

    @property
    def is_stamped(self) -> bool:
        """Tell whether the signature gets a time-stamp."""
        return self is not Level.B_B

    @property
    def has_evidence(self) -> bool:
        """Tell whether certificates and their standing are kept in the document."""
        return self in {Level.B_LT, Level.B_LTA}
