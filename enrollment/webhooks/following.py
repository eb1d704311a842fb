"""Follow the transparency log, and put down what is to be told to which webhook.

An act and its entry are one transaction, so what is followed happened, and nothing that happened is
missed. A batch of entries and the deliveries that come of it are one transaction too: two followers
at once, or one that is killed, put down each thing once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ca.register import GOOD, CertificateRegister
from core.clock import Clock
from core.database import Database
from core.idempotency import new_act_id
from core.transparency.entry import LogEntry
from core.transparency.tree_store import read_entries, read_tree
from enrollment.models import applications, principals
from enrollment.webhooks.happenings import Happening, Happenings, OtherHappenings
from enrollment.webhooks.models import webhook_deliveries, webhook_position, webhooks
from enrollment.webhooks.webhook import (
    DeliveryState,
    Webhook,
    WebhookEvent,
    WebhookState,
    webhook_of,
)

# Entries of one transaction, and transactions of one run: half a second, so that no CRL waits.
BATCH = 250
MOST_BATCHES = 4
# Certificates looked at in one run for whether they end soon: a million takes some hours.
EXPIRING_AT_ONCE = 250
# When the end of a certificate is told; from then on it can be renewed.
TOLD_BEFORE_END = timedelta(days=60)


class LogFollowing:
    """Turns what happened into deliveries."""

    def __init__(
        self,
        *,
        database: Database,
        register: CertificateRegister,
        others: OtherHappenings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._register = register
        self._happenings = Happenings(register=register, others=others)
        self._clock = clock

    def follow(self) -> int:
        """Go on from where the last run ended; return how many entries were looked at.

        Raises DatabaseUnavailable and LogDamaged; the next run goes on from there.
        """
        looked_at = 0
        for _ in range(MOST_BATCHES):
            count = self._follow_batch()
            looked_at += count
            if count < BATCH:
                break
        return looked_at

    def look_for_ends(self) -> int:
        """Look at the next certificates for whether they end soon; return how many do."""
        with self._database.read() as connection:
            position = _position(connection)
            hooks = [one for one in _active(connection) if _wants_ends(one)]
            if position is None or not hooks:
                return 0
            after = position.expiring_after
            rows = connection.execute(
                select(applications)
                .where(applications.c.state == "issued", applications.c.id > after)
                .order_by(applications.c.id)
                .limit(EXPIRING_AT_ONCE)
            ).all()
            told = [one for row in rows if (one := self._end_of(connection, row)) is not None]
        following = rows[-1].id if len(rows) == EXPIRING_AT_ONCE else ""
        with self._database.begin() as connection:
            held = _position(connection, locked=True)
            if held is None or held.expiring_after != after:
                return 0  # another was quicker
            self._put_down(connection, hooks, told)
            connection.execute(update(webhook_position).values(expiring_after=following))
        return len(told)

    def _follow_batch(self) -> int:
        with self._database.read() as connection:
            position, size = _position(connection), read_tree(connection).size
            hooks = _active(connection)
            if position is None or position.size >= size:
                return 0
            start: int = position.size
            # With nobody to tell there is nothing to read.
            end = min(start + BATCH, size) if hooks else size
            told = self._read(connection, hooks, start, end) if hooks else []
        with self._database.begin() as connection:
            held = _position(connection, locked=True)
            if held is None or held.size != start:
                return 0  # another was quicker
            self._put_down(connection, hooks, told)
            connection.execute(update(webhook_position).values(size=end))
        return end - start

    def _read(
        self, connection: Connection, hooks: Sequence[Webhook], start: int, end: int
    ) -> list[Happening]:
        wanted = {event for hook in hooks for event in hook.events}
        entries = enumerate(read_entries(connection, start, end), start)
        found = (
            self._happenings.of(connection, index, LogEntry.decode(octets), wanted)
            for index, octets in entries
        )
        return [one for one in found if one is not None]

    def _end_of(self, connection: Connection, row: Row[Any]) -> Happening | None:
        authority, number = row.authority, row.serial_number
        found = self._register.find(number, authority=authority)
        held = found[0] if found else None
        now = self._clock.now()
        if held is None or held.standing != GOOD:
            return None
        if not now < held.not_after <= now + TOLD_BEFORE_END:
            return None
        return self._happenings.of_certificate(
            connection,
            WebhookEvent.CERTIFICATE_EXPIRING,
            f"end:{authority}:{number:x}",
            now,
            authority,
            number,
        )

    def _put_down(
        self, connection: Connection, hooks: Sequence[Webhook], told: Iterable[Happening]
    ) -> None:
        now = self._clock.now()
        rows = [
            {
                "id": new_act_id(now),
                "webhook": hook.id,
                "about": one.about,
                "event": str(one.event),
                "data": dict(one.data),
                "happened_at": one.happened_at,
                "state": DeliveryState.WAITING,
                "tries": 0,
                "next_try_at": now,
            }
            for one in told
            for hook in hooks
            if is_told(hook, one)
        ]
        if rows:
            insert = _dialect(connection).insert(webhook_deliveries)
            connection.execute(insert.on_conflict_do_nothing(), rows)


def is_told(hook: Webhook, happening: Happening) -> bool:
    """Tell whether a webhook hears of a happening: its institution's, or its client's own."""
    if happening.event not in hook.events:
        return False
    if hook.institution is not None and happening.institution is not None:
        return hook.institution == happening.institution
    return hook.client == happening.applicant


def begin_following(connection: Connection) -> None:
    """Begin at the present end of the log, unless it is followed already."""
    connection.execute(
        _dialect(connection)
        .insert(webhook_position)
        .values(id=1, size=read_tree(connection).size, expiring_after="")
        .on_conflict_do_nothing()
    )


def _position(connection: Connection, *, locked: bool = False) -> Row[Any] | None:
    query = select(webhook_position)
    return connection.execute(query.with_for_update() if locked else query).one_or_none()


def _active(connection: Connection) -> list[Webhook]:
    # A client that was suspended or closed is told nothing.
    query = (
        select(webhooks)
        .join(principals, principals.c.id == webhooks.c.client)
        .where(webhooks.c.state == WebhookState.ACTIVE, principals.c.state == "active")
    )
    return [webhook_of(row) for row in connection.execute(query)]


def _wants_ends(hook: Webhook) -> bool:
    return WebhookEvent.CERTIFICATE_EXPIRING in hook.events


def _dialect(connection: Connection) -> Any:
    return postgresql if connection.dialect.name == "postgresql" else sqlite
