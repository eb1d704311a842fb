"""``/enrollment/v1/webhooks``: register, look at what was sent, send again, rotate, end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, current_app

from core.access import AccessPolicy
from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.cursors import CursorMalformed, cursor_after, row_id_of
from core.web.idempotent import act_id, idempotent
from core.web.openapi import may_refuse
from core.web.problems import InvalidFields
from enrollment.jurisdiction import Jurisdiction
from enrollment.messages import ApprovalMessage
from enrollment.permissions import MANAGE_WEBHOOKS, READ_WEBHOOKS
from enrollment.webhooks.errors import (
    DeliveryUnknown,
    WebhookEnded,
    WebhookRefused,
    WebhookUnknown,
)
from enrollment.webhooks.messages import (
    DeliveriesQuery,
    DeliveriesView,
    DeliveryView,
    WebhookMessage,
    WebhookSecretView,
    WebhooksView,
    WebhookView,
    view_of_delivery,
    view_of_webhook,
)
from enrollment.webhooks.webhook import Webhook
from enrollment.webhooks.webhooks import Webhooks

webhooks_api = APIBlueprint("webhooks", __name__, url_prefix="/enrollment/v1/webhooks")
ONE = "/<webhook_id>"
_KEY = "camtrust_webhooks"


def mount_webhooks(
    app: Flask, webhooks: Callable[[], Webhooks], policy: Callable[[], AccessPolicy]
) -> None:
    """Serve the routes from ``app``; what they work with is asked at each request."""
    app.extensions[_KEY] = (webhooks, policy)
    app.register_blueprint(webhooks_api)


@webhooks_api.post("")
@requires(MANAGE_WEBHOOKS)
@reads(JSON)
@may_refuse(WebhookRefused)
@idempotent
@webhooks_api.input(WebhookMessage, location="json")
@webhooks_api.output(WebhookView, status_code=201)
def register_webhook(json_data: WebhookMessage) -> Any:
    """Ask to be told what happens to your institution's certificates, and to your batches."""
    hook = _webhooks().register(
        json_data.url, json_data.events, by=current_principal(), webhook_id=act_id()
    )
    return view_of_webhook(hook), 201, {"Location": f"{webhooks_api.url_prefix}/{hook.id}"}


@webhooks_api.get("")
@requires(MANAGE_WEBHOOKS, READ_WEBHOOKS)
@webhooks_api.output(WebhooksView)
def list_webhooks() -> WebhooksView:
    """List webhooks, newest first; a program sees its own."""
    found = _webhooks().all_of(client=_own_only(), within=_within())
    return WebhooksView(webhooks=tuple(map(view_of_webhook, found)))


@webhooks_api.get(ONE)
@requires(MANAGE_WEBHOOKS, READ_WEBHOOKS)
@may_refuse(WebhookUnknown)
@webhooks_api.output(WebhookView)
def show_webhook(webhook_id: str) -> WebhookView:
    """Show a webhook."""
    return view_of_webhook(_find(webhook_id))


# Not idempotent by key: the answer would be kept, and with it the secret.
@webhooks_api.post(f"{ONE}/secret")
@requires(MANAGE_WEBHOOKS)
@reads(JSON)
@may_refuse(WebhookUnknown, WebhookEnded)
@webhooks_api.input(ApprovalMessage, location="json")
@webhooks_api.output(WebhookSecretView)
def show_webhook_secret(webhook_id: str, json_data: ApprovalMessage) -> Any:
    """Show the secret that messages are signed with; that is logged each time."""
    by = current_principal()
    secret = _webhooks().secret_for(webhook_id, by=by)
    number = _webhooks().find(webhook_id, client=by.id).secret_number
    return WebhookSecretView(secret=secret, number=number), 200, {"Cache-Control": "no-store"}


@webhooks_api.post(f"{ONE}/rotation")
@requires(MANAGE_WEBHOOKS)
@reads(JSON)
@may_refuse(WebhookUnknown, WebhookEnded)
@idempotent
@webhooks_api.input(ApprovalMessage, location="json")
@webhooks_api.output(WebhookView)
def rotate_webhook_secret(webhook_id: str, json_data: ApprovalMessage) -> WebhookView:
    """Make a new secret; for 24 hours messages are signed with the old one too."""
    return view_of_webhook(_webhooks().rotate(webhook_id, by=current_principal()))


@webhooks_api.post(f"{ONE}/end")
@requires(MANAGE_WEBHOOKS)
@reads(JSON)
@may_refuse(WebhookUnknown)
@idempotent
@webhooks_api.input(ApprovalMessage, location="json")
@webhooks_api.output(WebhookView)
def end_webhook(webhook_id: str, json_data: ApprovalMessage) -> WebhookView:
    """End a webhook for good; what waits for it is not sent."""
    by = current_principal()
    return view_of_webhook(_webhooks().end(webhook_id, by=by, client=by.id))


@webhooks_api.get(f"{ONE}/deliveries")
@requires(MANAGE_WEBHOOKS, READ_WEBHOOKS)
@may_refuse(WebhookUnknown, CursorMalformed, InvalidFields)
@webhooks_api.input(DeliveriesQuery, location="query")
@webhooks_api.output(DeliveriesView)
def list_deliveries(webhook_id: str, query_data: DeliveriesQuery) -> DeliveriesView:
    """List what was sent, newest first, with what became of it."""
    found = _webhooks().deliveries(
        _find(webhook_id).id,
        limit=query_data.limit + 1,
        after=None if query_data.cursor is None else row_id_of(query_data.cursor),
    )
    shown = found[: query_data.limit]
    return DeliveriesView(
        deliveries=tuple(map(view_of_delivery, shown)),
        next_cursor=cursor_after(shown[-1].id) if len(found) > len(shown) else None,
    )


@webhooks_api.post(f"{ONE}/deliveries/<delivery_id>/resending")
@requires(MANAGE_WEBHOOKS)
@reads(JSON)
@may_refuse(WebhookUnknown, WebhookEnded, DeliveryUnknown)
@idempotent
@webhooks_api.input(ApprovalMessage, location="json")
@webhooks_api.output(DeliveryView)
def resend_delivery(webhook_id: str, delivery_id: str, json_data: ApprovalMessage) -> DeliveryView:
    """Send a message again, with the same id."""
    return view_of_delivery(_webhooks().resend(webhook_id, delivery_id, by=current_principal()))


def _webhooks() -> Webhooks:
    webhooks: Callable[[], Webhooks] = current_app.extensions[_KEY][0]
    return webhooks()


def _find(webhook_id: str) -> Webhook:
    return _webhooks().find(webhook_id, client=_own_only(), within=_within())


def _within() -> Jurisdiction:
    return Jurisdiction.of(current_principal())


def _own_only() -> str | None:
    policy: Callable[[], AccessPolicy] = current_app.extensions[_KEY][1]
    principal = current_principal()
    return None if policy().is_granted(principal, READ_WEBHOOKS) else principal.id
