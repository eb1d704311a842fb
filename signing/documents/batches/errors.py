"""Why a batch of documents is not taken, and why a document of one is not."""

from __future__ import annotations

from core.errors import Conflict, NotFound, Unacceptable


class DocumentBatchUnknown(NotFound):
    """There is no batch of this id, or it is another's."""

    problem = "document-batch-unknown"
    title = "There is no such batch of documents"


class BatchDocumentUnknown(NotFound):
    """The batch has no document of this number, or none that is signed."""

    problem = "batch-document-unknown"
    title = "There is no such document in the batch"


class DocumentBatchClosed(Conflict):
    """The batch takes no more documents, or cannot be changed any more."""

    problem = "document-batch-closed"
    title = "The batch's state forbids this now"


class TooManyDocumentBatches(Conflict):
    """Too many of the institution's batches have not ended; ``limit`` says how many may be so."""

    problem = "too-many-document-batches"
    title = "Too many batches at once"


class BatchDocumentDiffers(Conflict):
    """Another document was put up under this number before."""

    problem = "batch-document-differs"
    title = "The number is taken by another document"


class BatchNotStamped(Conflict):
    """The batch was opened without a stamp, so none of its documents has one."""

    problem = "batch-not-stamped"
    title = "The batch has no stamp"


class DocumentBatchIncomplete(Unacceptable):
    """Documents are missing; ``missing`` names the first of them."""

    problem = "document-batch-incomplete"
    title = "Documents are missing"


class BatchDocumentLost(NotFound):
    """What was put up is not in its place any more; it has to be put up in another batch."""

    problem = "batch-document-lost"
    title = "The document is lost"


class BatchDocumentFailed(Unacceptable):
    """Signing this document failed again and again, by a fault of ours or of the document."""

    problem = "batch-document-failed"
    title = "Signing the document failed"
