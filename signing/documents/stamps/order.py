"""The order of a stamp: where it lies, what it says, and what is registered about its document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, model_validator

from signing.documents.stamps.content import MAX_CHARACTERS, StampContent, Words
from signing.documents.stamps.seal import MAX_BYTES as SEAL_OCTETS
from signing.documents.stamps.seal import Seal, read_seal
from signing.documents.stamps.template import MAX_BYTES, StampTemplate, checked, read_values

# The texts, and the picture in base64 (RFC 4648, Section 4).
MAX_OCTETS = MAX_BYTES + SEAL_OCTETS * 4 // 3 + 4
_LONGEST_DETAIL = 500
_LONGEST_NUMBER = 100
_LONGEST_FIELD = 100
# More than a QR code has room for (signing.documents.verification.summary).
_MOST_FIELDS = 20
# All but NUL, which PostgreSQL does not store.
_STORABLE = r"^[^\x00]*$"
Text = Annotated[str, Field(max_length=MAX_CHARACTERS, pattern=_STORABLE)]
Detail = Annotated[str, Field(max_length=_LONGEST_DETAIL, pattern=_STORABLE)]
TemplateName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
FieldText = Annotated[str, Field(min_length=1, max_length=_LONGEST_FIELD, pattern=_STORABLE)]


class OrderedWords(BaseModel):
    """The same in Khmer and in English; either may be missing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    khmer: Text = ""
    english: Text = ""

    @property
    def words(self) -> Words:
        """As stamps have them."""
        return Words(self.khmer, self.english)


NOTHING = OrderedWords()


class StampLook(BaseModel):
    """Where a stamp lies and what it looks like: what a stored template keeps."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    place: StampTemplate = Field(description="Where the stamp lies, and its layout.")
    seal_image: Base64Bytes | None = Field(
        default=None, repr=False, description="A PNG file in base64, drawn beside the text."
    )

    @property
    def look(self) -> StampLook:
        """These two alone."""
        return StampLook.model_construct(place=self.place, seal_image=self.seal_image)

    def seal(self) -> Seal | None:
        """Return the picture. Raises SealRefused."""
        return None if self.seal_image is None else read_seal(self.seal_image)


class StampTexts(BaseModel):
    """What a stamp says.

    ``signer`` is by default the name in the certificate, ``ministry`` that of the institution.
    ``fields`` are key fields of the document that the signed summary in the QR code repeats.
    ``title`` and ``subject`` are shown on the document's page if it is public.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    signer: OrderedWords = Field(default=NOTHING, description="Who signs, if not as certified.")
    position: OrderedWords = Field(default=NOTHING, description="The signer's title.")
    ministry: OrderedWords = Field(default=NOTHING, description="If not as registered.")
    on_behalf_of: OrderedWords = Field(default=NOTHING, description="For whom the signer signs.")
    number: Annotated[str, Field(max_length=_LONGEST_NUMBER, pattern=_STORABLE)] = Field(
        default="", description="The number of the document."
    )
    fields: Mapping[FieldText, FieldText] = Field(
        default_factory=dict,
        max_length=_MOST_FIELDS,
        description="Key fields by their labels, repeated in the QR code for a paper's check.",
    )
    title: Detail = Field(default="", description="Of the document.")
    subject: Detail = Field(default="", description="Of the document.")
    is_public: bool = Field(
        default=False, description="Whether title and subject are shown on the document's page."
    )

    def content(self, *, signer: str, ministry: Words, moment: datetime) -> StampContent:
        """Return what the stamp says; ``signer`` and ``ministry`` where the order leaves them."""
        return StampContent(
            signer=self.signer.words if self.signer != NOTHING else Words(english=signer),
            moment=moment,
            title=self.position.words,
            ministry=self.ministry.words if self.ministry != NOTHING else ministry,
            on_behalf_of=self.on_behalf_of.words,
            number=self.number,
        )


class StampOrder(StampTexts, StampLook):
    """What a caller says of a stamp, whole."""

    def saying(self, texts: StampTexts | None) -> StampOrder:
        """Return the order with the texts that ``texts`` says, and its own for the others."""
        if texts is None:
            return self
        said = {name: getattr(texts, name) for name in texts.model_fields_set}
        return self.model_copy(update=said)


class StampWishes(StampTexts):
    """An order that may leave its look to a template of the institution's."""

    place: StampTemplate | None = Field(
        default=None, description="Where the stamp lies, and its layout; or a template."
    )
    seal_image: Base64Bytes | None = Field(
        default=None, repr=False, description="A PNG file in base64, in place of the template's."
    )
    template: TemplateName | None = Field(
        default=None, description="The name of a stored stamp template."
    )

    @model_validator(mode="after")
    def _looks_like_something(self) -> Self:
        if (self.place is None) == (self.template is None):
            raise ValueError("say either a place or the name of a template")
        return self

    def order(self, stored: StampLook | None) -> StampOrder:
        """Return the whole order; ``stored`` is the template that is named, if one is."""
        place = self.place if stored is None else stored.place
        if place is None:
            raise ValueError("the template is missing")
        picture = self.seal_image
        if picture is None and stored is not None:
            picture = stored.seal_image
        texts = {name: getattr(self, name) for name in StampTexts.model_fields}
        # Both were checked: to validate them again would read base64 once more.
        return StampOrder.model_construct(place=place, seal_image=picture, **texts)


def read_wishes(data: bytes) -> StampWishes:
    """Read what is wished for from JSON or TOML. Raises TemplateMalformed."""
    return checked(StampWishes, read_values(data, most=MAX_OCTETS))
