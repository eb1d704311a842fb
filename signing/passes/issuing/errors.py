"""Why no pass is issued."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, NotFound, Unacceptable, Unavailable

UNISSUED = "No pass was issued."


class PassTypeUnknown(Unacceptable):
    """There is no pass of this type."""

    problem = "pass-type-unknown"
    title = "There is no such pass"


class PassTypeForbidden(Forbidden):
    """The institution may not issue passes of this type; a setting says which ones may."""

    problem = "pass-type-forbidden"
    title = "Your institution does not issue these passes"


class RecordIncomplete(Unacceptable):
    """The record lacks what a code of this pass has to say, or says it otherwise."""

    problem = "pass-record-incomplete"
    title = "The record does not make this pass"


class NameMismatch(Unacceptable):
    """The name of the record is not the name in the travel document's machine-readable zone."""

    problem = "pass-name-mismatch"
    title = "The name is not that of the travel document"


class NameUnwritable(Unacceptable):
    """A Latin name has a letter that ICAO Doc 9303 does not transliterate."""

    problem = "pass-name-unwritable"
    title = "The Latin name has a letter that travel documents do not have"


class ReferenceTaken(Conflict):
    """The institution has issued another pass of this type under the same reference."""

    problem = "pass-reference-taken"
    title = "This reference has a pass"


class PassUnknown(NotFound):
    """The institution has issued no such pass."""

    problem = "pass-unknown"
    title = "There is no such pass"


class DocumentSignerMissing(Unavailable):
    """No document signer of the kind that is needed has a certificate and a key in use."""

    problem = "document-signer-missing"
    title = "No document signer is in use"
