"""Why a batch of passes is not taken."""

from __future__ import annotations

from core.errors import Conflict, NotFound, Unavailable


class PassBatchUnknown(NotFound):
    """There is no batch of this id, or it is another institution's."""

    problem = "pass-batch-unknown"
    title = "There is no such batch of passes"


class PassBatchClosed(Conflict):
    """The batch has its records, or it has ended."""

    problem = "pass-batch-closed"
    title = "The batch's state forbids this now"


class PassStorageUnavailable(Unavailable):
    """The folder of batches cannot be written or read now."""

    problem = "pass-storage-unavailable"
    title = "Records cannot be stored now"
