"""Remind holders before a certificate ends: 60, 30, 7 and 1 days before, once each.

A round goes through the certificates in the order of their ends and remembers, in the very
transaction that puts the mails, how far it came: each certificate is looked at once a round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from ca.ending import EndingCertificate, EndingCertificates
from core.clock import Clock
from core.database import Database
from core.mail.outbox import Outbox
from core.mail.templates import MailTemplate
from core.web.languages import day
from enrollment.reminders.holders import PERSONS, address_of
from enrollment.reminders.models import reminder_rounds
from enrollment.reminders.settings import ReminderSettings

MAILS = Path(__file__).parent / "mails"
# One transaction's worth; the scheduler comes again soon.
BATCH = 200
# Where holders renew.
RENEWAL_PATH = "/my/"


class Titles(Protocol):
    """Names kinds of certificates in English."""

    def title_of(self, name: str) -> str:
        """Return the title of a profile."""


class EndingReminders:
    """Puts the mails."""

    def __init__(
        self,
        *,
        database: Database,
        ending: EndingCertificates,
        outbox: Outbox,
        titles: Titles,
        khmer: Mapping[str, str],
        settings: ReminderSettings,
        public_url: str,
        clock: Clock,
    ) -> None:
        """``khmer`` translates titles; ``ending`` says which certificates end."""
        self._database = database
        self._ending = ending
        self._outbox = outbox
        self._titles = titles
        self._khmer = khmer
        self._settings = settings
        self._public_url = public_url
        self._clock = clock
        self._template = MailTemplate.load(MAILS / "certificate-ends.toml")

    def remind(self) -> int:
        """Take one batch of each round; return how many mails were put."""
        return sum(self._take_batch(days) for days in self._settings.days)

    def _take_batch(self, days: int) -> int:
        now = self._clock.now()
        after, number = self._position(days, now)
        found = self._ending.page(
            after=after,
            number=number,
            until=now + timedelta(days=days),
            holders=PERSONS,
            limit=BATCH,
        )
        if not found:
            return 0
        with self._database.begin() as connection:
            mine = (reminder_rounds.c.days == days) & (reminder_rounds.c.number == number)
            moved = connection.execute(
                update(reminder_rounds)
                .where(mine, reminder_rounds.c.not_after == after)
                .values(not_after=found[-1].not_after, number=found[-1].number)
            )
            if not moved.rowcount:  # another process took this batch
                return 0
            return sum(self._put(connection, one, days, now) for one in found)

    def _position(self, days: int, now: datetime) -> tuple[datetime, int]:
        query = select(reminder_rounds.c.not_after, reminder_rounds.c.number).where(
            reminder_rounds.c.days == days
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is not None:
            return row.not_after, row.number
        # The first time: what ends sooner belongs to the rounds of fewer days.
        start = now + timedelta(days=_next_fewer(self._settings.days, days))
        try:
            with self._database.begin() as connection:
                connection.execute(
                    insert(reminder_rounds).values(days=days, not_after=start, number=0)
                )
        except IntegrityError:
            return self._position(days, now)
        return start, 0

    def _put(
        self, connection: Connection, one: EndingCertificate, days: int, now: datetime
    ) -> bool:
        # A certificate that lives hardly longer than that needs no such early word; and what
        # ended while nobody ran this needs none at all.
        if one.not_after - one.not_before < 2 * timedelta(days=days) or one.not_after <= now:
            return False
        address = address_of(connection, one.holder)
        if address is None:
            return False
        title = self._titles.title_of(one.profile)
        mail = self._template.mail(
            to=address,
            deduplication_key=f"ends:{one.authority}:{one.serial_number:x}:{days}",
            khmer={"certificate": self._khmer.get(title, title)},
            english={"certificate": title},
            ends=day(one.not_after),
            link=f"{self._public_url}{RENEWAL_PATH}",
        )
        return self._outbox.put(connection, mail)


def _next_fewer(all_days: Sequence[int], days: int) -> int:
    return max((one for one in all_days if one < days), default=0)
