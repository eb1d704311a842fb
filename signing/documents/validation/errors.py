"""Refusals: what cannot be judged at all. Whatever can be judged gets a report, good or bad."""

from __future__ import annotations

from core.errors import Malformed, Unacceptable, Unavailable


class DocumentUnreadable(Malformed):
    """Neither a PDF nor a CMS signature can be read from the file."""

    problem = "document-unreadable"
    title = "The document cannot be read"


class DocumentOverBounds(Unacceptable):
    """There are more revisions, objects, signatures or pieces of evidence than are examined."""

    problem = "document-over-bounds"
    title = "The document is larger than is examined here"


class ValidationTooLong(Unacceptable):
    """The time that is set for one document is used up."""

    problem = "validation-too-long"
    title = "The document takes too long to examine"


class SignedContentMissing(Unacceptable):
    """A detached signature came without the file that it signs."""

    problem = "signed-content-missing"
    title = "The signed file is missing"


class TrustUnreadable(Malformed):
    """What was given as trust is neither a certificate nor a CRL nor a trusted list."""

    problem = "trust-unreadable"
    title = "What is to be trusted cannot be read"


class NothingToReport(Unacceptable):
    """The ETSI report is about signatures, and there is none."""

    problem = "nothing-to-report"
    title = "There is no signature to report on"


class TimeMalformed(Malformed):
    """A time is not written as RFC 3339 has it."""

    problem = "time-malformed"
    title = "This is no time"


class ValidatorBusy(Unavailable):
    """As many documents as fit are being examined; the same request may succeed later."""

    problem = "validator-busy"
    title = "Many documents are being examined"


class DocumentMissing(Malformed):
    """No file came under the name `document`."""

    problem = "document-missing"
    title = "Choose a document first"
