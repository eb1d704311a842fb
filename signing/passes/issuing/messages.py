"""What goes over the wire of ``/passes/v1``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from signing.passes.issuing.issued import IssuedPass
from signing.passes.issuing.pass_types import CodeKind, PassType, RecordKind
from signing.passes.issuing.records import PassRecord, RecordMessage

Reference = Annotated[str, Field(min_length=1, max_length=80, pattern="^[A-Za-z0-9._:/-]+$")]
TypeName = Annotated[str, Field(min_length=1, max_length=40)]


class NewPassMessage(RecordMessage):
    """A pass that shall be issued."""

    type: TypeName = Field(description="One of /passes/v1/types.")
    reference: Reference | None = Field(
        default=None,
        description="Your own name of the record, no personal number: one pass of a type each.",
    )
    record: PassRecord = Field(description="What the pass is made from.")


class CodeView(RecordMessage):
    """A code of a pass."""

    kind: CodeKind
    text: str = Field(description="What the QR code holds; a SMART Health Card's is its JWS.")


class PassView(RecordMessage):
    """A pass as it stands."""

    id: str
    type: str
    reference: str | None
    certificate_id: str = Field(description="The UVCI.")
    number: str = Field(description="The number in identity codes: at random, one for each pass.")
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    reason: str | None = Field(description="Why it was revoked.")
    codes: tuple[CodeView, ...] = Field(description="None once they were erased.")


class PassTypeView(RecordMessage):
    """A type of pass."""

    name: str
    title: str
    record: RecordKind = Field(description="The member of the record that it is made from.")
    codes: tuple[CodeKind, ...]
    validity_days: int = Field(description="At most: no pass outlives its signer's certificate.")
    for_travel: bool = Field(description="Whether the travel document's name has to be there.")


class PassTypesView(RecordMessage):
    """The types of passes that your institution issues."""

    types: tuple[PassTypeView, ...]


def view_of_pass(issued: IssuedPass) -> PassView:
    """Return a pass as the API shows it."""
    return PassView(
        id=issued.id,
        type=issued.type,
        reference=issued.reference,
        certificate_id=issued.certificate_id,
        number=issued.number,
        issued_at=issued.issued_at,
        expires_at=issued.expires_at,
        revoked_at=issued.revoked_at,
        reason=issued.reason,
        codes=tuple(CodeView(kind=kind, text=text) for kind, text in issued.codes.items()),
    )


def view_of_type(one: PassType) -> PassTypeView:
    """Return a type as the API shows it."""
    return PassTypeView(
        name=one.name,
        title=one.title,
        record=one.record,
        codes=one.codes,
        validity_days=one.validity_days,
        for_travel=one.for_travel,
    )
