"""What goes over the wire of ``/signing/v1``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.web.cursors import DEFAULT_LIMIT, MAX_LIMIT
from signing.documents.batches.batch import (
    BatchDocument,
    BatchState,
    DocumentBatch,
    DocumentState,
)
from signing.documents.levels import Level
from signing.documents.options import Placement, SigningOptions
from signing.documents.stamps.order import StampTexts, StampWishes

MOST_DOCUMENTS = 10_000
Cursor = Annotated[str, Field(max_length=200)]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]
# ISO 32000-2, Annex C: pages reach 14,400 units from the origin.
Points = Annotated[float, Field(ge=-14_400, le=14_400, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1, max_length=200)]


class DocumentMessage(BaseModel):
    """A message: an unknown member is a mistake, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SealingWishes(DocumentMessage):
    """How a PDF is sealed."""

    seal: Annotated[str, Field(min_length=1, max_length=64)] = Field(
        description="The name of one of the institution's seals."
    )
    level: Level = Field(
        default=Level.B_LT, description="B-T, B-LT or B-LTA; the law asks for the time of signing."
    )
    field: Annotated[str, Field(min_length=1, max_length=127)] | None = Field(
        default=None, description="A signature field; one is made where there is none of this name."
    )
    certify: Annotated[int, Field(ge=1, le=3)] | None = Field(
        default=None, description="What may change afterwards: 1 nothing, 2 forms, 3 annotations."
    )
    reason: Text | None = Field(default=None, description="Why it is signed.")
    location: Text | None = Field(default=None, description="Where it is signed.")
    page: Annotated[int, Field(ge=-100_000, le=100_000)] | None = Field(
        default=None, description="Of a visible field, from 1; -1 is the last. With a box."
    )
    box: tuple[Points, Points, Points, Points] | None = Field(
        default=None, description="Left, bottom, right, top in points. With a page."
    )

    @model_validator(mode="after")
    def _says_when_and_where(self) -> Self:
        if not self.level.is_stamped:
            raise ValueError("B-B says not when it was signed: B-T is the least")
        if (self.page is None) != (self.box is None):
            raise ValueError("a page and a box go together")
        return self

    def options(self, password: str | None = None) -> SigningOptions:
        """Return them as the engine takes them."""
        placement = None
        if self.page is not None and self.box is not None:
            placement = Placement(self.page, self.box)
        return SigningOptions(
            level=self.level,
            field=self.field,
            placement=placement,
            certify=self.certify,
            reason=self.reason,
            location=self.location,
            password=password,
        )


class DocumentWishes(SealingWishes):
    """How one PDF is sealed, with a stamp where one is ordered."""

    stamp: StampWishes | None = Field(
        default=None, description="A visible stamp that leads to the document's own page."
    )

    @model_validator(mode="after")
    def _stands_in_one_place(self) -> Self:
        if self.stamp is not None and self.box is not None:
            raise ValueError("the stamp says itself where it stands: give no page and box")
        return self


class DocumentBatchMessage(DocumentWishes):
    """An order to seal many documents alike."""

    documents: Annotated[int, Field(ge=1, le=MOST_DOCUMENTS)] = Field(
        description="How many will be put up, under the numbers from 1."
    )


class StampTextsMessage(DocumentMessage, StampTexts):
    """What the stamp of one document says; what is left out is said by its batch's."""


class EmptyMessage(DocumentMessage):
    """Nothing more is to be said."""


class DocumentBatchesQuery(DocumentMessage):
    """Which page of the batches."""

    limit: Limit = Field(default=DEFAULT_LIMIT, description="How many at most.")
    cursor: Cursor | None = Field(default=None, description="next_cursor of the page before.")


class DocumentBatchView(DocumentMessage):
    """A batch of documents as it stands."""

    id: str
    state: BatchState
    seal: str
    level: Level
    documents: int
    counts: dict[DocumentState, int] = Field(description="How many documents are in each state.")
    opened_at: datetime
    finished_at: datetime | None
    erased_at: datetime | None = Field(
        description="From when on its documents cannot be fetched any more; null until it ends."
    )


class DocumentBatchesView(DocumentMessage):
    """A page of batches, newest first."""

    batches: tuple[DocumentBatchView, ...]
    next_cursor: str | None = Field(description="Null on the last page.")


class BatchDocumentView(DocumentMessage):
    """A document of a batch."""

    number: int
    state: DocumentState
    octets: int
    sha256: str = Field(description="Of what was put up, in hex.")
    signed_sha256: str | None = Field(description="Of the signed document.")
    signed_at: datetime | None
    problem: str | None = Field(description="Why it was refused; see /problems/.")
    detail: str | None
    page: str | None = Field(description="The page that its stamp leads to, once it is signed.")


class BatchDocumentsView(DocumentMessage):
    """A page of documents, in their order."""

    documents: tuple[BatchDocumentView, ...]
    next_cursor: str | None = Field(description="Null on the last page.")


def view_of_batch(batch: DocumentBatch, kept: timedelta) -> DocumentBatchView:
    """Return a batch for the wire, whose documents are kept so long after its end."""
    return DocumentBatchView(
        id=batch.id,
        state=batch.state,
        seal=batch.seal,
        level=batch.options.level,
        documents=batch.documents,
        counts=dict(batch.counts),
        opened_at=batch.opened_at,
        finished_at=batch.finished_at,
        erased_at=batch.erased_at(kept),
    )


def view_of_document(document: BatchDocument, page: str | None) -> BatchDocumentView:
    """Return a document for the wire; its stamp leads to ``page``."""
    signed = document.signed_sha256
    return BatchDocumentView(
        number=document.number,
        state=document.state,
        octets=document.octets,
        sha256=document.sha256.hex(),
        signed_sha256=None if signed is None else signed.hex(),
        signed_at=document.signed_at,
        problem=document.problem,
        detail=document.detail,
        page=page,
    )
