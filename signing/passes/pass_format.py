"""The formats of passes, by name."""

from __future__ import annotations

from enum import StrEnum


class PassFormat(StrEnum):
    """How a pass is put into a code."""

    HC1 = "HC1"
    SHC = "SHC"
    VDS_NC = "VDS-NC"
    CLAIM_169 = "CLAIM-169"
