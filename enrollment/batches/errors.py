"""Why a batch is not taken or decided, and why a row of one is left out."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, Malformed, NotFound, Unacceptable


class BatchUnknown(NotFound):
    """There is no batch of this id, or it is another's and not yours to see."""

    problem = "batch-unknown"
    title = "There is no such batch"


class BatchMalformed(Malformed):
    """The upload has no line, too many, or one that is too long; the detail says which."""

    problem = "batch-malformed"
    title = "The upload cannot be read"


class OwnBatch(Forbidden):
    """Whoever uploaded a batch cannot decide it: two people stand behind every certificate."""

    problem = "own-batch"
    title = "You cannot decide your own batch"


class BatchDecidedBefore(Conflict):
    """The same person decided this batch before; a second opinion is another officer's."""

    problem = "batch-decided-before"
    title = "You decided this batch already"


class BatchClosed(Conflict):
    """The batch is still being checked, or was decided, cancelled or finished."""

    problem = "batch-closed"
    title = "The batch's state forbids this now"


class RowRepeated(Unacceptable):
    """An earlier row asks for the same kind of certificate for the same key."""

    problem = "row-repeated"
    title = "The row repeats an earlier one"
