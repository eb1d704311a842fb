"""What goes over the wire of ``/enrollment/v1/institutions``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from enrollment.institutions.institution import (
    Institution,
    InstitutionDetails,
    InstitutionKind,
    InstitutionState,
)
from enrollment.messages import Message, Text

MailDomain = Annotated[str, Field(pattern=r"^[a-z0-9.-]{4,253}$")]


class InstitutionMessage(Message):
    """An institution to be registered."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,63}$")] = Field(
        description="A short name, such as moh; it never changes."
    )
    kind: InstitutionKind
    name_km: Text
    name_latin: Text
    registration_identifier: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="NTRKH- or VATKH- and the number (ETSI EN 319 412-1)."
    )
    mail_domains: Annotated[tuple[MailDomain, ...], Field(max_length=20)] = Field(
        default=(), description="Under which its people have official mail."
    )
    member_class: Annotated[str, Field(pattern=r"^[A-Z]{2,16}$")] | None = Field(
        default=None, description="Of a member of CamDX."
    )
    member_code: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] | None = None

    def details(self) -> InstitutionDetails:
        """Return what is to be registered."""
        return InstitutionDetails(**{name: getattr(self, name) for name in type(self).model_fields})


class InstitutionStateMessage(Message):
    """A change of state that needs no words."""


class InstitutionView(Message):
    """An institution as it stands."""

    id: str
    kind: InstitutionKind
    name_km: str
    name_latin: str
    registration_identifier: str | None
    mail_domains: tuple[str, ...]
    member_class: str | None
    member_code: str | None
    state: InstitutionState
    registered_at: datetime


class InstitutionsView(Message):
    """The institutions that one may see, by id."""

    institutions: tuple[InstitutionView, ...]


def view_of_institution(one: Institution) -> InstitutionView:
    """Return an institution as the API shows it."""
    return InstitutionView(**vars(one.details), state=one.state, registered_at=one.registered_at)
