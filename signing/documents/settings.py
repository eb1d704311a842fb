"""``[documents]``: bounds of what is read, and where the time comes from."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field

from core.settings import Section

GIBIBYTE = 1 << 30


class DocumentSettings(Section):
    """Documents over ``largest_octets`` are refused.

    Up to ``in_memory_octets`` a document is held in memory while it is signed, beyond that in a
    file beside the result. A PDF whose structure takes longer than ``reading_seconds`` to read is
    refused. Answers about authorities and time-stamping units are used again for
    ``evidence_kept_seconds``; those about signers never are. ``timestamp_url`` names a
    time-stamping authority (RFC 3161, over HTTP) to be asked in place of our own. In ``folder``,
    within the home or shared by all machines, the documents of batches lie. They are erased
    ``batches_kept_days`` after their batch ended; copies of what was sealed at once under an
    Idempotency-Key after ``answers_kept_minutes``, which is longer than sealing one takes. An
    institution has at most ``batches_at_once`` that have not ended.
    """

    largest_octets: int = Field(default=GIBIBYTE, ge=1024, le=4 * GIBIBYTE)
    in_memory_octets: int = Field(default=16 << 20, ge=0, le=GIBIBYTE)
    reading_seconds: float = Field(default=20.0, gt=0, le=600)
    evidence_kept_seconds: int = Field(default=300, ge=0, le=86_400)
    folder: Path = Path("documents")
    batches_kept_days: int = Field(default=30, ge=1, le=3650)
    answers_kept_minutes: int = Field(default=60, ge=10, le=1440)
    batches_at_once: int = Field(default=50, ge=1, le=10_000)
    timestamp_url: str = Field(default="", pattern=r"^(https?://\S+)?$")

    @property
    def evidence_kept(self) -> timedelta:
        """How long an answer about an authority is used again."""
        return timedelta(seconds=self.evidence_kept_seconds)

    @property
    def answers_kept(self) -> timedelta:
        """How long a request with an Idempotency-Key is answered again."""
        return timedelta(minutes=self.answers_kept_minutes)

    @property
    def batches_kept(self) -> timedelta:
        """How long the documents of a batch that ended can be fetched."""
        return timedelta(days=self.batches_kept_days)
