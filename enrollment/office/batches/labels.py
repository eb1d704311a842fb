"""What batches' words are called on the pages; each is translated in ``locale/km.po``."""

from __future__ import annotations

from collections.abc import Mapping

from core.web.languages import translatable
from enrollment.batches.batch import BatchState, RowState

STATES: Mapping[BatchState, tuple[str, str]] = {
    BatchState.CHECKING: (translatable("Being checked"), "yellow"),
    BatchState.WAITING: (translatable("Waiting for a decision"), "blue"),
    BatchState.WORKING: (translatable("Approved, being issued"), "yellow"),
    BatchState.DONE: (translatable("Done"), "green"),
    BatchState.REFUSED: (translatable("Refused"), "red"),
    BatchState.CANCELLED: (translatable("Cancelled"), "grey"),
}
ROWS: Mapping[RowState, str] = {
    RowState.WAITING: translatable("Not checked yet"),
    RowState.PASSED: translatable("Passed the checks"),
    RowState.REJECTED: translatable("Rejected by the checks"),
    RowState.SUBMITTED: translatable("Applied for"),
    RowState.ISSUED: translatable("Issued"),
    RowState.FAILED: translatable("Approved, but not issued"),
    RowState.DROPPED: translatable("Left out"),
}
