"""A file that somebody was shown, judged: scanning and verifying in one act."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from core.clock import Clock
from signing.passes.errors import PassRefused
from signing.passes.scanning import codes_of
from signing.passes.settings import PassSettings
from signing.passes.statuses import Status
from signing.passes.trust.signers import TrustStore
from signing.passes.verdict import Verdict
from signing.passes.verification import PassVerifier


def check_file(
    file: Path,
    *,
    trust: TrustStore,
    clock: Clock,
    settings: PassSettings,
    at: datetime | None = None,
) -> Verdict:
    """Judge the pass in a file; whatever the file holds, the answer is a verdict.

    Raises DrawingAway where a PDF file cannot be drawn on this machine.
    """
    moment = at or clock.now()
    try:
        if file.stat().st_size > settings.largest_file:
            raise PassRefused(Status.NOT_SUPPORTED, "The file is larger than is looked at.")
        codes = codes_of(file.read_bytes(), settings)
    except PassRefused as error:
        return Verdict(error.status, (error.detail,), moment)
    verifier = PassVerifier(trust=trust, clock=clock, settings=settings)
    return verifier.verify(*codes, at=moment)
