"""``[csc]``: how much of the CSC API is kept and read for whom."""

from __future__ import annotations

from pydantic import Field

from core.settings import Section

MEBIBYTE = 1 << 20


class CscSettings(Section):
    """Bounds of requests.

    ``unseen_requests`` of one program wait for a signer to come and look; a newer one takes the
    place of the oldest. ``seen_requests`` of one person wait for a decision. Documents that come
    whole with ``signatures/signDoc`` have at most ``document_octets`` together.
    """

    unseen_requests: int = Field(default=500, ge=1, le=100_000)
    seen_requests: int = Field(default=20, ge=1, le=1_000)
    document_octets: int = Field(default=16 * MEBIBYTE, ge=1024, le=256 * MEBIBYTE)
