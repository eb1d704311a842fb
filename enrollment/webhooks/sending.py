"""Send what waits, until the receiver takes it or the tries are used up: core.outgoing.deliveries.

A message may come twice, with the same id, and never goes missing.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, delete, select

from core.clock import Clock
from core.database import Database
from core.outgoing.deliveries import Deliveries, Tell
from core.outgoing.posting import Message, Posting
from enrollment.models import principals
from enrollment.webhooks.models import webhook_deliveries, webhooks
from enrollment.webhooks.settings import WebhookSettings
from enrollment.webhooks.signing import WebhookSecrets, body_of, signed_headers
from enrollment.webhooks.webhook import (
    DeliveryState,
    Webhook,
    WebhookDelivery,
    WebhookState,
    delivery_of,
    find_webhook,
    read_target,
)

# How long is waited after each try: about a day and a half in all. Then it is given up, and can be
# sent again by hand.
WAITS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
    timedelta(hours=24),
)
MOST_TRIES = len(WAITS) + 1
# For so long the delivery log shows what was sent.
KEPT_FOR = timedelta(days=90)
USER_AGENT = "camtrust (webhooks)"


class WebhookSending:
    """Sends what is due; safe in many processes."""

    def __init__(
        self,
        *,
        database: Database,
        secrets: WebhookSecrets,
        settings: WebhookSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._ports = settings.ports
        self._posting = Posting(settings, user_agent=USER_AGENT)
        self._clock = clock
        self._deliveries = Deliveries(
            database=database,
            table=webhook_deliveries,
            receiver=webhook_deliveries.c.webhook,
            taken_state=DeliveryState.DELIVERED,
            waits=WAITS,
            given_up="webhook-given-up",
            clock=clock,
        )

    def send_due(self) -> int:
        """Send the deliveries that are due; return how many were taken.

        Raises DatabaseUnavailable.
        """
        wanted = (
            select(webhook_deliveries)
            .join(webhooks, webhooks.c.id == webhook_deliveries.c.webhook)
            .join(principals, principals.c.id == webhooks.c.client)
            .where(
                webhooks.c.state == WebhookState.ACTIVE,
                # A client that was suspended or closed is told nothing.
                principals.c.state == "active",
            )
        )
        return self._deliveries.send_due(wanted, self._prepare)

    def forget_old(self) -> int:
        """Delete deliveries that ended long ago; return how many."""
        before = self._clock.now() - KEPT_FOR
        with self._database.begin() as connection:
            return connection.execute(
                delete(webhook_deliveries).where(
                    webhook_deliveries.c.state != DeliveryState.WAITING,
                    webhook_deliveries.c.happened_at < before,
                )
            ).rowcount

    def _prepare(self, row: Row[Any]) -> Tell:
        with self._database.read() as connection:
            hook = find_webhook(connection, row.webhook)
        return partial(self._posting.post, partial(self._message, delivery_of(row), hook))

    def _message(self, delivery: WebhookDelivery, hook: Webhook) -> Message:
        # The settings may have changed since it was registered: the port, say.
        target = read_target(hook.url, self._ports)
        now, body = self._clock.now(), body_of(delivery)
        secrets = self._secrets.valid_secrets(hook, now)
        return Message(target, signed_headers(delivery, body, secrets, now), body)
