"""Register webhooks, rotate their secrets, end them, and look at what was sent."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.access import Principal
from core.canonical_json import canonical_json
from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.jurisdiction import NATION, Jurisdiction
from enrollment.webhooks.errors import DeliveryUnknown, WebhookEnded, WebhookRefused
from enrollment.webhooks.following import begin_following
from enrollment.webhooks.models import webhook_deliveries, webhooks
from enrollment.webhooks.settings import WebhookSettings
from enrollment.webhooks.signing import WebhookSecrets, secret_as_text
from enrollment.webhooks.webhook import (
    DeliveryState,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
    WebhookState,
    delivery_of,
    find_webhook,
    read_target,
    webhook_of,
)

MOST_WEBHOOKS = 10


class Webhooks:
    """Keeps the webhooks of clients; each change is logged."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        secrets: WebhookSecrets,
        settings: WebhookSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._secrets = secrets
        self._settings = settings
        self._clock = clock

    def register(
        self, url: str, events: Sequence[WebhookEvent], *, by: Principal, webhook_id: str
    ) -> Webhook:
        """Register a webhook of a client, or return the one that already has this id.

        Raises WebhookRefused and Unavailable.
        """
        read_target(url, self._settings.ports)
        try:
            with self._database.begin() as connection:
                begin_following(connection)
                _check_count(connection, by.id)
                self._store(connection, url, events, by, webhook_id)
        except IntegrityError:
            # The id came before: the same request, whose first answer was lost.
            return self.find(webhook_id, client=by.id)
        return self.find(webhook_id)

    def rotate(self, webhook_id: str, *, by: Principal) -> Webhook:
        """Give a webhook a new secret; for a day messages are signed with the old one too.

        Raises WebhookUnknown, WebhookEnded and Unavailable.
        """
        with self._database.begin() as connection:
            webhook = _active(connection, webhook_id, by.id)
            number = webhook.secret_number + 1
            self._write(connection, "webhook-secret-rotated", webhook, by, {"number": number})
            connection.execute(
                update(webhooks)
                .where(webhooks.c.id == webhook_id)
                .values(secret_number=number, rotated_at=self._clock.now())
            )
            return find_webhook(connection, webhook_id)

    def end(
        self, webhook_id: str, *, by: Principal, client: str | None, within: Jurisdiction = NATION
    ) -> Webhook:
        """End a webhook for good; again, it changes nothing. Raises WebhookUnknown, Unavailable."""
        with self._database.begin() as connection:
            webhook = find_webhook(
                connection, webhook_id, client=client, within=within, locked=True
            )
            if webhook.state is WebhookState.ENDED:
                return webhook
            self._write(connection, "webhook-ended", webhook, by, {})
            connection.execute(
                update(webhooks).where(webhooks.c.id == webhook_id).values(state=WebhookState.ENDED)
            )
            connection.execute(
                update(webhook_deliveries)
                .where(
                    webhook_deliveries.c.webhook == webhook_id,
                    webhook_deliveries.c.state == DeliveryState.WAITING,
                )
                .values(state=DeliveryState.GIVEN_UP, next_try_at=None)
            )
            return find_webhook(connection, webhook_id)

    def secret_for(self, webhook_id: str, *, by: Principal) -> str:
        """Return the newest secret, for the client alone; that it was shown is logged.

        Raises WebhookUnknown, WebhookEnded and Unavailable.
        """
        # Before the transaction: the token, which may be slow, holds up no other.
        secret = self._secrets.secret_of(self.find(webhook_id, client=by.id))
        with self._database.begin() as connection:
            webhook = _active(connection, webhook_id, by.id)
            facts: dict[str, JsonValue] = {"number": webhook.secret_number}
            self._write(connection, "webhook-secret-shown", webhook, by, facts)
        return secret_as_text(secret)

    def resend(self, webhook_id: str, delivery_id: str, *, by: Principal) -> WebhookDelivery:
        """Let a message be sent again soon, whatever came of it; its id stays the same.

        Raises WebhookUnknown, WebhookEnded, DeliveryUnknown and Unavailable.
        """
        with self._database.begin() as connection:
            _active(connection, webhook_id, by.id)
            changed = connection.execute(
                update(webhook_deliveries)
                .where(
                    webhook_deliveries.c.webhook == webhook_id,
                    webhook_deliveries.c.id == delivery_id,
                )
                .values(state=DeliveryState.WAITING, tries=0, next_try_at=self._clock.now())
            )
            if not changed.rowcount:
                raise DeliveryUnknown("This webhook has no delivery of this id.")
            query = select(webhook_deliveries).where(webhook_deliveries.c.id == delivery_id)
            return delivery_of(connection.execute(query).one())

    def find(
        self, webhook_id: str, *, client: str | None = None, within: Jurisdiction = NATION
    ) -> Webhook:
        """Return a webhook; with ``client`` only if it is theirs. Raises WebhookUnknown."""
        with self._database.read() as connection:
            return find_webhook(connection, webhook_id, client=client, within=within)

    def all_of(
        self, *, client: str | None = None, within: Jurisdiction = NATION, limit: int = 500
    ) -> Sequence[Webhook]:
        """Return the webhooks of a client, or of a jurisdiction, newest first."""
        query = within.narrow(select(webhooks), webhooks.c.institution)
        query = query.order_by(webhooks.c.id.desc()).limit(limit)
        if client is not None:
            query = query.where(webhooks.c.client == client)
        with self._database.read() as connection:
            return [webhook_of(row) for row in connection.execute(query)]

    def deliveries(
        self, webhook_id: str, *, limit: int, after: str | None = None
    ) -> Sequence[WebhookDelivery]:
        """Return up to ``limit`` deliveries, newest first, after the id ``after``."""
        query = (
            select(webhook_deliveries)
            .where(webhook_deliveries.c.webhook == webhook_id)
            .order_by(webhook_deliveries.c.id.desc())
            .limit(limit)
        )
        if after is not None:
            query = query.where(webhook_deliveries.c.id < after)
        with self._database.read() as connection:
            return [delivery_of(row) for row in connection.execute(query)]

    def _store(
        self,
        connection: Connection,
        url: str,
        events: Sequence[WebhookEvent],
        by: Principal,
        webhook_id: str,
    ) -> None:
        salt, now = new_salt(), self._clock.now()
        chosen = sorted(set(events))
        octets = canonical_json({"client": by.id, "events": chosen, "url": url})
        facts: dict[str, JsonValue] = {"details": commitment(salt, octets), "webhook": webhook_id}
        [index] = self._log.append(connection, [LogEntry("webhook-registered", now, facts)])
        connection.execute(
            insert(webhooks).values(
                id=webhook_id,
                client=by.id,
                institution=by.institution,
                url=url,
                events=chosen,
                state=WebhookState.ACTIVE,
                secret_number=1,
                registered_at=now,
                salt=salt,
                log_index=index,
            )
        )

    def _write(
        self,
        connection: Connection,
        kind: str,
        webhook: Webhook,
        by: Principal,
        facts: dict[str, JsonValue],
    ) -> None:
        who = commitment(webhook.salt, by.id.encode())
        entry = LogEntry(
            kind, self._clock.now(), {"principal": who, "webhook": webhook.id, **facts}
        )
        self._log.append(connection, [entry])


def _active(connection: Connection, webhook_id: str, client: str) -> Webhook:
    webhook = find_webhook(connection, webhook_id, client=client, locked=True)
    if webhook.state is WebhookState.ENDED:
        raise WebhookEnded("This webhook is ended; register another.")
    return webhook


def _check_count(connection: Connection, client: str) -> None:
    query = select(webhooks.c.id).where(
        webhooks.c.client == client, webhooks.c.state == WebhookState.ACTIVE
    )
    if len(connection.execute(query).all()) >= MOST_WEBHOOKS:
        raise WebhookRefused(f"A client has at most {MOST_WEBHOOKS} webhooks; end one first.")
