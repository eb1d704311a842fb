"""Tell officers once a day that applications wait for longer than they should."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select

from core.clock import Clock
from core.database import Database
from core.mail.outbox import Outbox
from core.mail.templates import MailTemplate
from core.web.languages import PHNOM_PENH
from enrollment.application import ApplicationState
from enrollment.jurisdiction import Jurisdiction
from enrollment.models import applications
from enrollment.reminders.settings import NATION, ReminderSettings

MAILS = Path(__file__).parent / "mails"
# In Cambodia: when offices open.
MORNING = 7


class WaitingDigest:
    """Puts one mail a day for each address, while something waits."""

    def __init__(
        self, *, database: Database, outbox: Outbox, settings: ReminderSettings, clock: Clock
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._settings = settings
        self._clock = clock
        self._template = MailTemplate.load(MAILS / "applications-wait.toml")

    def tell(self) -> int:
        """Put what is due today; return how many mails."""
        now = self._clock.now()
        if not self._settings.officers or now.astimezone(PHNOM_PENH).hour < MORNING:
            return 0
        with self._database.begin() as connection:
            return sum(
                self._put(connection, institution, address, now)
                for institution, address in sorted(self._settings.officers.items())
            )

    def _put(self, connection: Connection, institution: str, address: str, now: datetime) -> bool:
        jurisdiction = Jurisdiction(None if institution == NATION else institution)
        query = select(applications.c.submitted_at).where(
            applications.c.state == ApplicationState.SUBMITTED,
            applications.c.submitted_at <= now - self._settings.patience,
        )
        waiting = jurisdiction.narrow(query, applications.c.institution).subquery()
        count, oldest = connection.execute(
            select(func.count(), func.min(waiting.c.submitted_at))
        ).one()
        if not count:
            return False
        mail = self._template.mail(
            to=address,
            deduplication_key=f"waiting:{institution}:{now.astimezone(PHNOM_PENH):%Y-%m-%d}",
            count=str(count),
            days=str(self._settings.waiting_days),
            oldest=str((now - oldest) // timedelta(days=1)),
        )
        return self._outbox.put(connection, mail)
