"""Documents of strangers are examined a few at a time, and nothing of them is kept."""

from __future__ import annotations

from collections.abc import Callable
from threading import BoundedSemaphore

from signing.documents.validation.errors import ValidatorBusy
from signing.documents.validation.opening import UNCHANGED
from signing.documents.validation.report import ValidationReport
from signing.documents.validation.validator import DocumentValidator, Question

# How long somebody waits for a place before being told to come back.
_PATIENCE_SECONDS = 5.0


class ValidationDesk:
    """Validates for whoever asks; safe in many threads."""

    def __init__(self, *, validator: Callable[[], DocumentValidator], at_once: int) -> None:
        self._validator = validator
        self._places = BoundedSemaphore(at_once)

    def examine(self, question: Question) -> ValidationReport:
        """Return the report. Raises as ``DocumentValidator.validate``, and ValidatorBusy."""
        if not self._places.acquire(timeout=_PATIENCE_SECONDS):
            raise ValidatorBusy(
                "Many documents are being examined at this moment. Send it again in a minute.",
                kept=UNCHANGED,
            )
        try:
            return self._validator().validate(question)
        finally:
            self._places.release()
