"""A webhook, a delivery, and how they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, select

from ca.constraints.alternative_names import is_dns_name
from core.outgoing.target import Target
from enrollment.jurisdiction import NATION, Jurisdiction
from enrollment.webhooks.errors import WebhookRefused, WebhookUnknown
from enrollment.webhooks.models import webhooks

LONGEST_URL = 500
# RFC 3986, Section 2: a URL is printable ASCII. Anything else could end a line of the request.
_PRINTABLE = re.compile(r"[!-~]+")


class WebhookEvent(StrEnum):
    """What is told."""

    APPLICATION_DECIDED = "application.decided"
    CERTIFICATE_ISSUED = "certificate.issued"
    CERTIFICATE_REVOKED = "certificate.revoked"
    CERTIFICATE_SUSPENDED = "certificate.suspended"
    CERTIFICATE_RELEASED = "certificate.released"  # from suspension
    CERTIFICATE_EXPIRING = "certificate.expiring"
    # Of batches of documents, to the program that opened them.
    DOCUMENT_BATCH_ENDED = "document-batch.ended"
    BATCH_DOCUMENT_SIGNED = "batch-document.signed"
    BATCH_DOCUMENT_REFUSED = "batch-document.refused"


class WebhookState(StrEnum):
    """An ended webhook is told nothing more, for good."""

    ACTIVE = "active"
    ENDED = "ended"


class DeliveryState(StrEnum):
    """waiting → delivered, or given-up after the last try; sent again by hand, it waits anew."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given-up"


@dataclass(frozen=True)
class Webhook:
    """Where a client wants to be told, and of what."""

    id: str
    client: str
    institution: str | None
    url: str
    events: tuple[WebhookEvent, ...]
    state: WebhookState
    secret_number: int
    rotated_at: datetime | None
    registered_at: datetime
    salt: bytes


@dataclass(frozen=True)
class WebhookDelivery:
    """One thing to be told to one webhook; ``data`` has ids alone."""

    id: str
    webhook: str
    event: WebhookEvent
    data: Mapping[str, str | None]
    happened_at: datetime
    state: DeliveryState
    tries: int
    next_try_at: datetime | None
    tried_at: datetime | None
    status: int | None
    problem: str | None


def read_target(url: str, ports: tuple[int, ...]) -> Target:
    """Read the address of a webhook: https, a DNS name, a known port. Raises WebhookRefused."""
    if len(url) > LONGEST_URL or not _PRINTABLE.fullmatch(url):
        raise WebhookRefused(f"A URL has at most {LONGEST_URL} characters, all printable ASCII.")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").removesuffix("."), parts.port or 443
    except ValueError as error:
        raise WebhookRefused("This is not a URL.") from error
    if parts.scheme != "https":
        raise WebhookRefused("Messages are sent over https alone.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise WebhookRefused("The URL has no user name, password or fragment.")
    # An address, in whatever spelling, is no DNS name: only DNS says where we connect to.
    if not is_dns_name(host) or host.rpartition(".")[2].isdigit():
        raise WebhookRefused("The host is a DNS name, not an address.")
    if port not in ports:
        raise WebhookRefused(f"The port is one of {', '.join(map(str, sorted(ports)))}.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(scheme="https", host=host, port=port, path=path)


def find_webhook(
    connection: Connection,
    webhook_id: str,
    *,
    client: str | None = None,
    within: Jurisdiction = NATION,
    locked: bool = False,
) -> Webhook:
    """Read a webhook; with ``client`` only if it is theirs. Raises WebhookUnknown."""
    query = select(webhooks).where(webhooks.c.id == webhook_id)
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None or client not in {None, row.client} or not within.covers(row.institution):
        raise WebhookUnknown("There is no webhook of this id that you may see.")
    return webhook_of(row)


def webhook_of(row: Row[Any]) -> Webhook:
    """Return the webhook of a row."""
    return Webhook(
        id=row.id,
        client=row.client,
        institution=row.institution,
        url=row.url,
        events=tuple(map(WebhookEvent, row.events)),
        state=WebhookState(row.state),
        secret_number=row.secret_number,
        rotated_at=row.rotated_at,
        registered_at=row.registered_at,
        salt=row.salt,
    )


def delivery_of(row: Row[Any]) -> WebhookDelivery:
    """Return the delivery of a row."""
    return WebhookDelivery(
        id=row.id,
        webhook=row.webhook,
        event=WebhookEvent(row.event),
        data=row.data,
        happened_at=row.happened_at,
        state=DeliveryState(row.state),
        tries=row.tries,
        next_try_at=row.next_try_at,
        tried_at=row.tried_at,
        status=row.status,
        problem=row.problem,
    )
