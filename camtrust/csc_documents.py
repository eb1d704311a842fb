"""The port by which the CSC API has whole documents signed, over the room of documents."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from signing.credentials.contents import AppendedRevision, Content, HashedContent
from signing.csc.signature_objects import SignatureFormat
from signing.csc.whole_documents import (
    ConformanceLevel,
    DocumentWishes,
    FinishedDocument,
    KeyIdentity,
    PreparedDocument,
    ValidationInfo,
)
from signing.documents.collected import Collected
from signing.documents.detached import FileSigning, PendingFileSignature
from signing.documents.levels import Level
from signing.documents.options import SigningOptions
from signing.documents.signing import DocumentSigning, PendingSignature
from signing.documents.tokens import read_token

_LEVELS = {
    ConformanceLevel.B_B: Level.B_B,
    ConformanceLevel.B_T: Level.B_T,
    ConformanceLevel.B_LT: Level.B_LT,
    ConformanceLevel.B_LTA: Level.B_LTA,
}
# ISO 32000-2, Table 257: forms may be filled in and further signatures added.
_CERTIFIES = 2


class HouseDocuments:
    """The port of :class:`signing.csc.whole_documents.DocumentEngine`."""

    def __init__(
        self, *, pdfs: Callable[[], DocumentSigning], files: Callable[[], FileSigning]
    ) -> None:
        self._pdfs = pdfs
        self._files = files

    def prepare(
        self, content: BinaryIO, key: KeyIdentity, wishes: DocumentWishes
    ) -> PreparedDocument:
        """Read a document and prepare its signature. Raises what the engines raise."""
        level = _LEVELS[wishes.level]
        if wishes.form is SignatureFormat.PADES:
            options = SigningOptions(
                level=level,
                certify=_CERTIFIES if wishes.envelope == "Certification" else None,
                reason=wishes.reason,
                location=wishes.location,
            )
            pdfs = self._pdfs()
            return _Pdf(pdfs, pdfs.prepare(content, BytesIO(), key, options))
        files = self._files()
        pending = files.prepare(content, key, level)
        content.seek(0)
        return _File(files, pending, content.read() if wishes.envelope == "Attached" else None)

    def evidence(self, key: KeyIdentity, signature: bytes, token_der: bytes) -> ValidationInfo:
        """Return what proves a signature. Raises Unavailable."""
        token = read_token(token_der, hashlib.sha256(signature).digest(), "sha256")
        return _info(self._pdfs().evidence.of_signature(key, token))


@dataclass(frozen=True)
class _Pdf:
    engine: DocumentSigning
    pending: PendingSignature

    @property
    def content(self) -> Content:
        """The document with its revision."""
        pending = self.pending
        return AppendedRevision(
            pending.copy.stream, pending.document_octets, pending.gap.span, pending.to_be_signed
        )

    def finish(self, signature: bytes) -> FinishedDocument:
        """Return the signed PDF."""
        done = self.engine.complete(self.pending, signature)
        stream = self.pending.copy.stream
        stream.seek(0)
        return FinishedDocument(stream.read(), False, _info(done.collected))


@dataclass(frozen=True)
class _File:
    engine: FileSigning
    pending: PendingFileSignature
    inside: bytes | None

    @property
    def content(self) -> Content:
        """The document, as it is."""
        return HashedContent(self.pending.digest, self.pending.to_be_signed)

    def finish(self, signature: bytes) -> FinishedDocument:
        """Return the CMS object, around the document or beside it."""
        done = self.engine.complete(self.pending, signature, content=self.inside)
        return FinishedDocument(done.der, self.inside is None, _info(done.collected))


def _info(collected: Collected | None) -> ValidationInfo:
    if collected is None:
        return ValidationInfo()
    return ValidationInfo(
        tuple(collected.ocsp_responses), tuple(collected.crls), tuple(collected.certificates)
    )
