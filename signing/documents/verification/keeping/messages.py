"""What goes over the wire of ``/signing/v1/registered-documents``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from core.web.cursors import DEFAULT_LIMIT, MAX_LIMIT
from signing.documents.stamps.content import Words
from signing.documents.verification.addresses import VerificationAddresses
from signing.documents.verification.document import (
    DocumentState,
    RegisteredDocument,
    RegisteredSignature,
)
from signing.documents.verification.registry import LONGEST_TEXT


class RegisteredMessage(BaseModel):
    """A message: an unknown member is a mistake, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PublicityMessage(RegisteredMessage):
    """What readers of the document's page see."""

    is_public: bool = Field(
        description="Whether number, title and subject are shown to whoever has the address."
    )


class WithdrawalMessage(RegisteredMessage):
    """That the institution no longer stands by a document."""

    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)] = Field(
        description="Shown on the document's page: write no personal data."
    )


class RegisteredQuery(RegisteredMessage):
    """Which page of the registered documents."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = Field(
        default=DEFAULT_LIMIT, description="How many at most."
    )
    cursor: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="next_cursor of the page before."
    )


class WordsView(RegisteredMessage):
    """The same words in two languages."""

    khmer: str
    english: str


class RegisteredSignatureView(RegisteredMessage):
    """Who signed, and what the file was after it."""

    position: int = Field(description="From 1.")
    signer: WordsView
    title: WordsView
    on_behalf_of: WordsView
    signed_at: datetime
    sha256: str = Field(description="Of the whole file with this signature, in hex.")
    length: int = Field(description="Its octets.")


class RegisteredView(RegisteredMessage):
    """A registered document as it stands."""

    id: str = Field(description="26 letters and digits. Whoever has it sees the page.")
    address: str = Field(description="The page that the code of the stamp opens.")
    number: str
    title: str
    subject: str
    is_public: bool
    state: DocumentState
    registered_at: datetime
    withdrawn_at: datetime | None
    withdrawal_reason: str | None
    signatures: tuple[RegisteredSignatureView, ...]


class RegisteredDocumentsView(RegisteredMessage):
    """A page of registered documents, newest first."""

    documents: tuple[RegisteredView, ...]
    next_cursor: str | None = Field(description="Null on the last page.")


def view_of_registered(
    document: RegisteredDocument, addresses: VerificationAddresses
) -> RegisteredView:
    """Return a document for the wire."""
    details = document.details
    return RegisteredView(
        id=str(document.id),
        address=addresses.printed(document.id),
        number=details.number,
        title=details.title,
        subject=details.subject,
        is_public=details.is_public,
        state=document.state,
        registered_at=document.registered_at,
        withdrawn_at=document.withdrawn_at,
        withdrawal_reason=document.withdrawal_reason,
        signatures=tuple(
            _view_of_signature(position, one) for position, one in enumerate(document.signatures, 1)
        ),
    )


def _view_of_signature(position: int, signature: RegisteredSignature) -> RegisteredSignatureView:
    return RegisteredSignatureView(
        position=position,
        signer=_view_of_words(signature.signer),
        title=_view_of_words(signature.title),
        on_behalf_of=_view_of_words(signature.on_behalf_of),
        signed_at=signature.signed_at,
        sha256=signature.sha256.hex(),
        length=signature.length,
    )


def _view_of_words(words: Words) -> WordsView:
    return WordsView(khmer=words.khmer, english=words.english)
