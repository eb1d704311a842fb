"""What a signer asks for: before a signature what its stamp carries, after it the registration."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import BinaryIO

from signing.documents.stamps.content import StampContent
from signing.documents.verification.addresses import VerificationAddresses
from signing.documents.verification.document import (
    DocumentDetails,
    RegisteredDocument,
    RegisteredSignature,
)
from signing.documents.verification.identifiers import DocumentId
from signing.documents.verification.registry import Registry
from signing.documents.verification.summary import Summary, sign_summary
from signing.documents.verification.summary_keys import SummaryKeys

_CHUNK = 1 << 20


class VerifiableStamps:
    """Gives stamps their address and their signed summary, and registers what was signed."""

    def __init__(
        self, *, registry: Registry, keys: SummaryKeys, addresses: VerificationAddresses
    ) -> None:
        self._registry = registry
        self._keys = keys
        self._addresses = addresses

    def complete(
        self,
        content: StampContent,
        document: DocumentId,
        source: BinaryIO,
        *,
        fields: tuple[tuple[str, str], ...] = (),
        is_summarized: bool = True,
    ) -> StampContent:
        """Return the content with address and QR text; ``source`` is the file before the signature.

        Raises SummaryTooLong, SummaryKeyMissing and TokenUnavailable.
        """
        text = ""
        if is_summarized:
            digest, length = _hashed(source)
            summary = Summary(
                number=content.number,
                signed_at=content.moment,
                signer=content.signer.khmer or content.signer.english,
                institution=content.ministry.khmer or content.ministry.english,
                fields=fields,
                length=length,
                sha256=digest,
            )
            text = sign_summary(summary, document, self._keys.signing_key())
        return dataclasses.replace(
            content,
            address=self._addresses.printed(document),
            qr_text=self._addresses.in_qr(document, text),
        )

    def register(
        self,
        content: StampContent,
        document: DocumentId,
        details: DocumentDetails,
        signed: BinaryIO,
    ) -> RegisteredDocument:
        """Register the signed file; do it before the file is handed out.

        Raises DocumentIdTaken, DocumentWithdrawn, DetailsTooLong and Unavailable.
        """
        digest, length = _hashed(signed)
        signature = RegisteredSignature(
            signer=content.signer,
            title=content.title,
            on_behalf_of=content.on_behalf_of,
            signed_at=content.moment,
            sha256=digest,
            length=length,
        )
        return self._registry.register(document, details, signature)


def _hashed(file: BinaryIO) -> tuple[bytes, int]:
    digest, length = hashlib.sha256(), 0
    file.seek(0)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        length += len(chunk)
    file.seek(0)
    return digest.digest(), length
