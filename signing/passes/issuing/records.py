"""Records that passes are made from, as health and civil authorities send them.

One record is read once and says everything in common words; each code takes what it needs from
it. Codes of vaccines and tests are those of the code systems that the members name.
"""

from __future__ import annotations

import base64
import binascii
from datetime import date, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from signing.passes.issuing.khmer import checked_khmer
from signing.passes.issuing.names import checked_latin

# The largest picture that leaves a code readable from a card: version 22 at correction level L.
MAX_PHOTO_OCTETS = 900
_WEBP = (b"RIFF", b"WEBP")


def _day(value: date) -> date:
    if value.year < 1900:
        raise ValueError("has to be 1900 or later: is it a year of the Buddhist era, less 543?")
    return value


def _moment(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("has to have an offset, such as +07:00")
    return value


Day = Annotated[date, AfterValidator(_day)]
Moment = Annotated[datetime, AfterValidator(_moment)]
Text = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
Code = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9./_-]+$")]
Country = Annotated[str, Field(pattern="^[A-Z]{3}$")]
LatinName = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(checked_latin)]
KhmerName = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(checked_khmer)]
Doses = Annotated[int, Field(ge=1, le=99)]


class RecordMessage(BaseModel):
    """A part of a record: an unknown member is a mistake, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Names(RecordMessage):
    """A name in two parts; a single name is a valid name."""

    surname: LatinName | None = Field(default=None, description="In Latin letters.")
    given_names: LatinName | None = Field(default=None, description="In Latin letters.")

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.surname is None and self.given_names is None:
            raise ValueError("a surname or given names have to be there")
        return self


class KhmerNames(RecordMessage):
    """The same name in Khmer letters."""

    surname: KhmerName | None = Field(default=None, description="In Khmer letters.")
    given_names: KhmerName | None = Field(default=None, description="In Khmer letters.")


class Identifier(RecordMessage):
    """A typed identifier: who has no national ID has another one."""

    type: Annotated[str, Field(pattern="^(passport|national-id|residence-card|birth|other)$")] = (
        Field(description="passport, national-id, residence-card, birth or other.")
    )
    number: Annotated[str, Field(min_length=1, max_length=40, pattern="^[A-Za-z0-9/-]+$")] = Field(
        description="As it is printed."
    )
    country: Country = Field(default="KHM", description="Who gave it: ISO 3166-1, three letters.")
    machine_readable_name: (
        Annotated[str, Field(pattern="^[A-Z]+(<[A-Z]+)*(<<[A-Z]+(<[A-Z]+)*)?<*$", max_length=39)]
        | None
    ) = Field(default=None, description="The name in the machine-readable zone, with its fillers.")


class Person(RecordMessage):
    """Whom a pass is about. The Latin name is a document's; it is never made from the Khmer one."""

    name: Names = Field(description="As in the passport or card, in Latin letters.")
    khmer_name: KhmerNames | None = Field(default=None, description="The name in Khmer letters.")
    date_of_birth: Day = Field(description="ISO 8601.")
    sex: Annotated[str, Field(pattern="^[MFX]$")] | None = Field(
        default=None, description="M, F or X, as in travel documents."
    )
    nationality: Country | None = Field(default=None, description="ISO 3166-1, three letters.")
    identifier: Identifier | None = Field(default=None, description="A document of the person.")
    guardian: Text | None = Field(default=None, description="Who acts for a minor.")


class Vaccination(RecordMessage):
    """One dose."""

    date: Day = Field(description="Of the dose.")
    dose: Doses = Field(default=1, description="Its number.")
    doses: Doses = Field(default=1, description="How many there are in all.")
    disease: Code | None = Field(default=None, description="SNOMED CT, of the EU's value set.")
    prophylaxis: Code | None = Field(default=None, description="SNOMED CT or ATC.")
    product: Code | None = Field(default=None, description="The EU's or WHO's code.")
    product_name: Text | None = Field(default=None, description="What stands on the vial.")
    manufacturer: Code | None = Field(default=None, description="Of the EU's value set.")
    icd11_vaccine: Code | None = Field(default=None, description="ICD-11, such as XM68M6.")
    icd11_disease: Code | None = Field(default=None, description="ICD-11, such as RA01.0.")
    cvx: Code | None = Field(default=None, description="CDC's code, for SMART Health Cards.")
    lot: Text | None = Field(default=None, description="The batch of the vaccine.")
    country: Country = Field(default="KHM", description="Where it was given.")
    centre: Text | None = Field(default=None, description="Who gave it.")
    valid_from: Day | None = Field(default=None, description="It counts from this day on.")
    valid_until: Day | None = Field(default=None, description="It counts until this day.")
    next_dose: Day | None = Field(default=None, description="When the next one is due.")


class Test(RecordMessage):
    """A test and its result."""

    sampled_at: Moment = Field(description="When the sample was taken.")
    reported_at: Moment | None = Field(default=None, description="When the result was told.")
    disease: Code = Field(description="SNOMED CT, of the EU's value set.")
    type: Code = Field(description="LOINC, of the EU's value set.")
    result: Code = Field(description="SNOMED CT: 260415000 not detected, 260373001 detected.")
    test_name: Text | None = Field(default=None, description="Of a nucleic acid test.")
    device: Code | None = Field(default=None, description="Of a rapid test, JRC's number.")
    centre: Text = Field(description="Who tested.")
    country: Country = Field(default="KHM", description="Where.")
    contact: Text | None = Field(default=None, description="Telephone or mail of the centre.")


class Recovery(RecordMessage):
    """A recovery from a disease."""

    disease: Code = Field(description="SNOMED CT, of the EU's value set.")
    first_positive: Day = Field(description="Of the first positive test.")
    valid_from: Day = Field(description="It counts from this day on.")
    valid_until: Day = Field(description="It counts until this day.")
    country: Country = Field(default="KHM", description="Where.")

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if not self.first_positive <= self.valid_from <= self.valid_until:
            raise ValueError("the first positive test, the begin and the end are out of order")
        return self


class Identity(RecordMessage):
    """What an identity code says beside the person."""

    photo: str | None = Field(
        default=None, max_length=1_600, description="WebP in base64, 900 octets at most."
    )
    address: Text | None = Field(default=None, description="As on the card.")
    key: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}$")] | None = Field(
        default=None, description="RFC 7638 thumbprint of a key that the holder has."
    )

    @property
    def photo_octets(self) -> bytes | None:
        """The picture."""
        return None if self.photo is None else base64.b64decode(self.photo, validate=True)

    @model_validator(mode="after")
    def _has_a_small_picture(self) -> Self:
        try:
            photo = self.photo_octets
        except (binascii.Error, ValueError):
            raise ValueError("photo: has to be base64") from None
        if photo is None:
            return self
        if (photo[:4], photo[8:12]) != _WEBP:
            raise ValueError("photo: has to be WebP")
        if len(photo) > MAX_PHOTO_OCTETS:
            raise ValueError(f"photo: {len(photo)} octets, at most {MAX_PHOTO_OCTETS} fit")
        return self


class PassRecord(RecordMessage):
    """A record: a person, and exactly one thing about them."""

    person: Person = Field(description="Whom it is about.")
    vaccination: Vaccination | None = Field(default=None, description="One dose.")
    test: Test | None = Field(default=None, description="A test.")
    recovery: Recovery | None = Field(default=None, description="A recovery.")
    identity: Identity | None = Field(default=None, description="For identity codes.")

    @model_validator(mode="after")
    def _tells_one_thing(self) -> Self:
        told = (self.vaccination, self.test, self.recovery, self.identity)
        if sum(one is not None for one in told) != 1:
            raise ValueError("exactly one of vaccination, test, recovery, identity has to be there")
        return self
