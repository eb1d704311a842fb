"""The job that sends: claims a mail, hands it on, records how that went; again and again.

1. A mail is claimed in one transaction: nobody else takes it before the claim ends.
2. It is handed on outside of any transaction: a slow server holds up no other work.
3. What became of it is recorded, unless the claim ended and another sender has it.

A mail is sent twice only where nobody can know whether it was sent: the process died, or was
stopped for longer than its claim, or the connection broke, between the server's last word and
step 3. Both have the same Message-ID. SMTP has no means against it (RFC 5321, Section 4.2.5: better
twice than never).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy import ColumnElement, and_, case, delete, null, select, update

from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError
from core.mail.errors import DeliveryDeferred, DeliveryRefused, MailServerAway
from core.mail.models import mails
from core.mail.outbox import MailState
from core.mail.senders import Delivery, MailSender, OutgoingMail
from core.mail.settings import MailSettings

# Longer than handing one mail over may take (settings: 120 s at most); after that a sender is dead.
CLAIM = timedelta(minutes=10)
# The scheduler has other things to do: a run ends after this time, or one mail later.
RUN = timedelta(seconds=10)
# A mail that the server defers comes again after this time, then after twice the time each try.
# RFC 5321, Section 4.5.4.1 asks for 30 minutes; servers that greylist let in earlier ones.
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=4)
# A server that is away is let alone, so that its time-outs do not hold up the scheduler.
FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(minutes=15)

MAILS = Counter("camtrust_mails", "Mails by what became of them.", ["kind", "outcome"])


@dataclass(frozen=True)
class _Claimed:
    id: int
    claim: str
    kind: str
    tries: int
    confidential: bool
    mail: OutgoingMail


class Sending:
    """Sends what waits in the outbox. Safe in many processes; one connection at a time in each."""

    def __init__(
        self, *, database: Database, sender: MailSender, settings: MailSettings, clock: Clock
    ) -> None:
        self._database = database
        self._sender = sender
        self._settings = settings
        self._clock = clock
        self._rests_until: datetime | None = None
        self._rest = FIRST_REST

    def send_due(self) -> int:
        """Send what is due; return how many mails were sent.

        Raises MailServerAway when the server is: then all mails wait, and the server rests.
        """
        now = self._clock.now()
        if not self._is_any_due():
            return 0
        self._give_up_old(now)
        if self._rests_until is not None and now < self._rests_until:
            return 0
        try:
            with self._sender.open() as deliver:
                sent = self._send_for_a_while(deliver, now + RUN)
        except MailServerAway:
            self._rests_until = self._clock.now() + self._rest
            self._rest = min(2 * self._rest, LONGEST_REST)
            raise
        self._rests_until, self._rest = None, FIRST_REST
        return sent

    def forget_old(self) -> None:
        """Drop recipients and texts of mails that ended, and long afterwards the rows."""
        now = self._clock.now()
        ended = mails.c.state != MailState.WAITING
        with self._database.begin() as connection:
            connection.execute(
                update(mails)
                .where(
                    ended,
                    mails.c.ended_at <= now - self._settings.kept,
                    mails.c.recipient.is_not(None),
                )
                .values(recipient=None, subject=None, body=None)
            )
            connection.execute(
                delete(mails).where(ended, mails.c.ended_at <= now - self._settings.remembered)
            )

    def _send_for_a_while(self, deliver: Delivery, end: datetime) -> int:
        sent = 0
        while (claimed := self._claim()) is not None:
            sent += self._send(claimed, deliver)
            if self._clock.now() >= end:
                break
        return sent

    def _send(self, claimed: _Claimed, deliver: Delivery) -> bool:
        try:
            deliver(claimed.mail)
        except MailServerAway as error:
            # Perhaps it went away over this very mail: the others go first next time.
            self._defer(claimed, error)
            raise
        except DeliveryDeferred as error:
            self._defer(claimed, error)
            return False
        except DeliveryRefused as error:
            self._end(claimed, MailState.GIVEN_UP, failure=_failure(error))
            MAILS.labels(claimed.kind, "refused").inc()
            return False
        self._end(claimed, MailState.SENT, failure=None)
        MAILS.labels(claimed.kind, "sent").inc()
        return True

    def _is_any_due(self) -> bool:
        query = select(mails.c.id).where(_due(self._clock.now())).limit(1)
        with self._database.read() as connection:
            return connection.scalar(query) is not None

    def _claim(self) -> _Claimed | None:
        now = self._clock.now()
        query = (
            select(mails)
            .where(_due(now))
            .order_by(mails.c.next_try_at, mails.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        claim = secrets.token_hex(16)
        with self._database.begin() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                return None
            connection.execute(
                update(mails)
                .where(mails.c.id == row.id)
                .values(claim=claim, next_try_at=now + CLAIM)
            )
        outgoing = OutgoingMail(
            row.deduplication_key, row.recipient, row.subject, row.body, row.put_at
        )
        return _Claimed(row.id, claim, row.kind, row.tries, row.confidential, outgoing)

    def _defer(self, claimed: _Claimed, error: CamtrustError) -> None:
        pause = min(FIRST_PAUSE * 2 ** min(claimed.tries, 8), LONGEST_PAUSE)
        self._record(claimed, next_try_at=self._clock.now() + pause, failure=_failure(error))
        MAILS.labels(claimed.kind, "deferred").inc()

    def _end(self, claimed: _Claimed, state: MailState, *, failure: str | None) -> None:
        dropped = {"body": None} if claimed.confidential else {}
        self._record(claimed, state=state, ended_at=self._clock.now(), failure=failure, **dropped)

    def _record(self, claimed: _Claimed, **values: Any) -> None:
        values = {"tries": claimed.tries + 1, "claim": None} | values
        with self._database.begin() as connection:
            # The claim is in the condition: one that ended belongs to another sender now.
            connection.execute(
                update(mails)
                .where(mails.c.id == claimed.id, mails.c.claim == claimed.claim)
                .values(**values)
            )

    def _give_up_old(self, now: datetime) -> None:
        with self._database.begin() as connection:
            given_up = connection.execute(
                update(mails)
                .where(_due(now), mails.c.put_at <= now - self._settings.patience)
                .values(
                    state=MailState.GIVEN_UP,
                    ended_at=now,
                    claim=None,
                    body=case((mails.c.confidential, null()), else_=mails.c.body),
                )
                .returning(mails.c.kind)
            ).all()
        for row in given_up:
            MAILS.labels(row.kind, "given-up").inc()
        if given_up:
            structlog.get_logger("mail").error("mails-given-up", count=len(given_up))


def _due(now: datetime) -> ColumnElement[bool]:
    return and_(mails.c.state == MailState.WAITING, mails.c.next_try_at <= now)


def _failure(error: CamtrustError) -> str:
    return f"{error.problem} {error.data.get('code', '')}".strip()
