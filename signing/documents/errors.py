"""Why a document is not signed. Nothing was written, and the input is as it was."""

from __future__ import annotations

from core.errors import Conflict, Malformed, NotFound, Unacceptable, Unavailable
from core.idempotency import ActDone

UNHARMED = "Your file is as it was, and nothing was written."


class SealedDocumentErased(ActDone):
    """What was sealed under this Idempotency-Key is not kept any more; nothing is sealed again."""

    problem = "sealed-document-erased"
    title = "The sealed document is not kept any more"


class DocumentTooLarge(Unacceptable):
    """The document is over the size limit of this service; ``limit_octets`` says which."""

    problem = "document-too-large"
    title = "The document is too large"


class PdfBroken(Malformed):
    """The file is no PDF, is cut off, or contradicts itself; the detail says how."""

    problem = "pdf-broken"
    title = "The PDF is broken"


class PdfPasswordMissing(Unacceptable):
    """The PDF is encrypted; its password has to be given to sign it."""

    problem = "pdf-password-missing"
    title = "The PDF is encrypted"


class PdfPasswordWrong(Unacceptable):
    """The password given does not open the PDF."""

    problem = "pdf-password-wrong"
    title = "The password is wrong"


class PdfEncryptionUnknown(Unacceptable):
    """The PDF is encrypted by a method that this service does not write."""

    problem = "pdf-encryption-unknown"
    title = "The PDF is encrypted in another way"


class PdfHybrid(Unacceptable):
    """The PDF has two tables of contents, by which two programs may see two documents."""

    problem = "pdf-hybrid-references"
    title = "The PDF can be read in two ways"


class PdfExpandsTooFar(Unacceptable):
    """The PDF's compressed parts unfold to more than any real document does."""

    problem = "pdf-expands-too-far"
    title = "The PDF unfolds too far"


class PdfTooSlow(Unacceptable):
    """Reading the PDF took longer than any real document does."""

    problem = "pdf-too-slow"
    title = "The PDF takes too long to read"


class PageMissing(NotFound):
    """The document has no page of that number."""

    problem = "page-missing"
    title = "There is no such page"


class FieldSigned(Conflict):
    """The signature field exists and is signed already."""

    problem = "signature-field-signed"
    title = "The field is signed already"


class FieldUnusable(Unacceptable):
    """The field exists and is no signature field, or asks for what was not given."""

    problem = "signature-field-unusable"
    title = "The field cannot be signed like this"


class DocumentLocked(Conflict):
    """An earlier signature forbids this change of the document."""

    problem = "document-locked"
    title = "An earlier signature forbids this"


class CertificationNotFirst(Conflict):
    """A certification signature has to be the first one in a document."""

    problem = "certification-not-first"
    title = "The document is signed already"


class NothingToRenew(Conflict):
    """The document has no signature whose evidence could be kept."""

    problem = "nothing-to-renew"
    title = "There is no signature to keep"


class SignerExpired(Unacceptable):
    """The signer's certificate is not valid at this time."""

    problem = "signer-expired"
    title = "The signer's certificate is not valid now"


class SignerRevoked(Unacceptable):
    """The signer's certificate was revoked."""

    problem = "signer-revoked"
    title = "The signer's certificate was revoked"


class SignerSuspended(Unacceptable):
    """The signer's certificate is on hold."""

    problem = "signer-suspended"
    title = "The signer's certificate is suspended"


class SignerUnknown(NotFound):
    """There is no signing key of that name, or no certificate for it."""

    problem = "signer-unknown"
    title = "There is no such signer"


class TimestampUnavailable(Unavailable):
    """No time-stamp was to be had; without one a signature does not say when it was made."""

    problem = "timestamp-unavailable"
    title = "The time-stamping authority is away"


class StatusUnavailable(Unavailable):
    """The standing of a certificate was not to be had, so the signature could not be proven."""

    problem = "status-unavailable"
    title = "The status service is away"


class OutputRefused(Unacceptable):
    """The result cannot be written there."""

    problem = "output-refused"
    title = "The result cannot be written there"


class StorageUnavailable(Unavailable):
    """The disk is away, full, or gives errors; once it is well again the same may succeed."""

    problem = "storage-unavailable"
    title = "The disk cannot be read or written now"


class LevelNotOffered(Unacceptable):
    """This kind of signature is not made at the level asked for."""

    problem = "signature-level-not-offered"
    title = "This level is not offered"
