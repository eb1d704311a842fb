"""What is registered of a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from signing.documents.stamps.content import Words
from signing.documents.verification.identifiers import DocumentId

NO_WORDS = Words()


class DocumentState(StrEnum):
    """Whether the institution stands by a document."""

    VALID = "valid"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class DocumentDetails:
    """What an institution says of a document; title and subject are shown if it is public."""

    institution: str
    number: str = ""
    title: str = ""
    subject: str = ""
    is_public: bool = False


@dataclass(frozen=True)
class RegisteredSignature:
    """Who signed, and what the file was after it: SHA-256 and length of the whole."""

    signer: Words
    signed_at: datetime
    sha256: bytes
    length: int
    title: Words = NO_WORDS
    on_behalf_of: Words = NO_WORDS


@dataclass(frozen=True)
class RegisteredDocument:
    """A document with its signatures, the first one first."""

    id: DocumentId
    details: DocumentDetails
    state: DocumentState
    registered_at: datetime
    withdrawn_at: datetime | None
    withdrawal_reason: str | None
    signatures: Sequence[RegisteredSignature]


def signature_of(row: Row[Any]) -> RegisteredSignature:
    """Return the signature of a row."""
    return RegisteredSignature(
        signer=Words(row.signer_km, row.signer_en),
        title=Words(row.title_km, row.title_en),
        on_behalf_of=Words(row.on_behalf_of_km, row.on_behalf_of_en),
        signed_at=row.signed_at,
        sha256=row.sha256,
        length=row.length,
    )


def document_of(row: Row[Any], signatures: Sequence[RegisteredSignature]) -> RegisteredDocument:
    """Return the document of a row."""
    return RegisteredDocument(
        id=DocumentId(row.id),
        details=DocumentDetails(row.institution, row.number, row.title, row.subject, row.is_public),
        state=DocumentState(row.state),
        registered_at=row.registered_at,
        withdrawn_at=row.withdrawn_at,
        withdrawal_reason=row.withdrawal_reason,
        signatures=signatures,
    )
