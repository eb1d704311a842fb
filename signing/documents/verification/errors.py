"""What registering and checking refuse."""

from __future__ import annotations

from core.errors import Conflict, Malformed, NotFound, Unacceptable


class DocumentUnknown(NotFound):
    """No document is registered under this identifier."""

    problem = "document-unknown"
    title = "No such document is registered here"


class NoInstitution(NotFound):
    """Only a program of an institution has to do with registered documents."""

    problem = "no-institution"
    title = "Your program belongs to no institution"


class DocumentIdTaken(Conflict):
    """The identifier, or this signature of the document, belongs to another file."""

    problem = "document-id-taken"
    title = "Another file is registered under this identifier"


class DocumentWithdrawn(Conflict):
    """The institution withdrew the document; nothing more is registered for it."""

    problem = "document-withdrawn"
    title = "The document was withdrawn"


class SummaryMalformed(Malformed):
    """The signed summary of a stamp cannot be read."""

    problem = "stamp-summary-malformed"
    title = "The summary of the stamp cannot be read"


class SummaryNotGenuine(Unacceptable):
    """The signed summary of a stamp was not signed by us for this document."""

    problem = "stamp-summary-not-genuine"
    title = "The summary of the stamp is not genuine"


class SummaryTooLong(Unacceptable):
    """The key fields of a summary need more room than a QR code on paper has."""

    problem = "stamp-summary-too-long"
    title = "The summary is too long for a stamp"
