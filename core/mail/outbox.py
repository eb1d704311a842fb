"""The outbox: mails that were promised inside a transaction, and leave after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.mail.mail import Mail, checked_recipient
from core.mail.models import mails


class MailState(StrEnum):
    """Where a mail is. ``sent`` means that a server took it, not that anybody read it."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given-up"
    WITHDRAWN = "withdrawn"


class Outbox:
    """Takes mails inside the caller's transaction: it commits, or there is no mail."""

    def __init__(self, *, public_url: str, clock: Clock) -> None:
        self._public_url = public_url
        self._clock = clock

    def put(self, connection: Connection, mail: Mail) -> bool:
        """Take a mail; False when one of its deduplication key was taken before.

        Raises MailRefused and MailAddressMalformed.
        """
        recipient = checked_recipient(mail, public_url=self._public_url)
        now = self._clock.now()
        row = insert(mails).values(
            deduplication_key=mail.deduplication_key,
            kind=mail.kind,
            state=MailState.WAITING,
            recipient=recipient,
            subject=mail.subject,
            body=mail.text,
            confidential=mail.confidential,
            put_at=now,
            tries=0,
            next_try_at=now,
        )
        try:
            with connection.begin_nested():
                connection.execute(row)
        except IntegrityError:
            return False
        return True

    def withdraw(self, connection: Connection, deduplication_key: str) -> bool:
        """Take a mail back that waits; False when it is gone, or leaves at this moment."""
        withdrawn = connection.execute(
            update(mails)
            .where(
                mails.c.deduplication_key == deduplication_key,
                mails.c.state == MailState.WAITING,
                mails.c.claim.is_(None),
            )
            .values(
                state=MailState.WITHDRAWN,
                ended_at=self._clock.now(),
                recipient=None,
                subject=None,
                body=None,
            )
        )
        return bool(withdrawn.rowcount)

    def states(
        self, connection: Connection, deduplication_keys: Iterable[str]
    ) -> Mapping[str, MailState]:
        """Return where mails are; those that are forgotten, or never were, are left out."""
        query = select(mails.c.deduplication_key, mails.c.state).where(
            mails.c.deduplication_key.in_(list(deduplication_keys))
        )
        return {row.deduplication_key: MailState(row.state) for row in connection.execute(query)}
