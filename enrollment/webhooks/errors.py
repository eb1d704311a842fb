"""Why a webhook is not registered or changed."""

from __future__ import annotations

from core.errors import Conflict, NotFound, Unacceptable


class WebhookUnknown(NotFound):
    """There is no webhook of this id, or it is another's and not yours to see."""

    problem = "webhook-unknown"
    title = "There is no such webhook"


class DeliveryUnknown(NotFound):
    """The webhook has no delivery of this id."""

    problem = "delivery-unknown"
    title = "There is no such delivery"


class WebhookRefused(Unacceptable):
    """The address is none that messages are sent to; the detail says why."""

    problem = "webhook-refused"
    title = "This webhook cannot be registered"


class WebhookEnded(Conflict):
    """The webhook was ended, and stays so; register another."""

    problem = "webhook-ended"
    title = "This webhook is ended"
