"""What goes over the wire of ``/enrollment/v1/webhooks``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from core.web.cursors import DEFAULT_LIMIT, MAX_LIMIT
from enrollment.messages import Message
from enrollment.webhooks.webhook import (
    LONGEST_URL,
    DeliveryState,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
    WebhookState,
)


class WebhookMessage(Message):
    """Where a program wants to be told, and of what."""

    url: Annotated[str, Field(min_length=1, max_length=LONGEST_URL)] = Field(
        description="https, a DNS name, and a port that the settings allow."
    )
    events: Annotated[tuple[WebhookEvent, ...], Field(min_length=1, max_length=10)]


class DeliveriesQuery(Message):
    """Which page of the deliveries."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = Field(
        default=DEFAULT_LIMIT, description="How many at most."
    )
    cursor: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="next_cursor of the page before."
    )


class WebhookView(Message):
    """A webhook as it stands."""

    id: str
    client: str
    institution: str | None
    url: str
    events: tuple[WebhookEvent, ...]
    state: WebhookState
    secret_number: int = Field(description="Rises with each rotation.")
    rotated_at: datetime | None
    registered_at: datetime


class WebhooksView(Message):
    """Webhooks, newest first."""

    webhooks: tuple[WebhookView, ...]


class WebhookSecretView(Message):
    """What messages are signed with: HMAC-SHA-256, as Standard Webhooks has it."""

    secret: str = Field(description="whsec_ and the key in base64. Keep it as a password.")
    number: int


class DeliveryView(Message):
    """A message, and what became of it."""

    id: str = Field(description="Also the message's webhook-id, the same at every try.")
    event: WebhookEvent
    data: dict[str, str | None]
    happened_at: datetime
    state: DeliveryState
    tries: int
    next_try_at: datetime | None
    tried_at: datetime | None
    status: int | None = Field(description="What the server answered last.")
    problem: str | None = Field(description="Or why it did not.")


class DeliveriesView(Message):
    """A page of deliveries, newest first."""

    deliveries: tuple[DeliveryView, ...]
    next_cursor: str | None = Field(description="Null on the last page.")


def view_of_webhook(hook: Webhook) -> WebhookView:
    """Return a webhook without its secret."""
    return WebhookView(**{name: getattr(hook, name) for name in WebhookView.model_fields})


def view_of_delivery(delivery: WebhookDelivery) -> DeliveryView:
    """Return a delivery."""
    values = {name: getattr(delivery, name) for name in DeliveryView.model_fields}
    return DeliveryView(**(values | {"data": dict(delivery.data)}))
