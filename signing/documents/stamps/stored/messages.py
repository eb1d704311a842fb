"""What goes over the wire of ``/signing/v1/stamp-templates``."""

from __future__ import annotations

from datetime import datetime

from pydantic import Base64Bytes, Field

from signing.documents.messages import DocumentMessage
from signing.documents.stamps.order import StampLook, TemplateName
from signing.documents.stamps.stored.templates import StoredTemplate
from signing.documents.stamps.template import StampTemplate


class StampTemplateMessage(DocumentMessage, StampLook):
    """Where stamps lie, and what they look like."""


class NewStampTemplateMessage(StampTemplateMessage):
    """A template, and the name that it is ordered by."""

    name: TemplateName


class StampTemplateView(DocumentMessage):
    """A stamp template as it stands."""

    name: str
    version: int = Field(description="Rises with each replacement.")
    place: StampTemplate
    has_seal_image: bool
    stored_at: datetime


class WholeStampTemplateView(StampTemplateView):
    """A stamp template with its picture."""

    seal_image: Base64Bytes | None = Field(description="A PNG file in base64.")


class StampTemplatesView(DocumentMessage):
    """An institution's stamp templates, by name."""

    templates: tuple[StampTemplateView, ...]


def view_of_template(template: StoredTemplate) -> StampTemplateView:
    """Return a template without its picture."""
    return StampTemplateView(
        name=template.name,
        version=template.version,
        place=template.look.place,
        has_seal_image=template.look.seal_image is not None,
        stored_at=template.stored_at,
    )


def whole_view_of(template: StoredTemplate) -> WholeStampTemplateView:
    """Return a template with its picture."""
    # As it stands: to validate it would read base64 once more.
    return WholeStampTemplateView.model_construct(
        **dict(view_of_template(template)), seal_image=template.look.seal_image
    )
