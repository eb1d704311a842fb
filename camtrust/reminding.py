"""Wires the mails that come by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from ca.ending import EndingCertificates
from core.scheduler import Job
from core.web.languages import read_texts
from enrollment.office.routes import TEXTS
from enrollment.reminders.digest import WaitingDigest
from enrollment.reminders.endings import EndingReminders

if TYPE_CHECKING:
    from camtrust.wiring import Services

MINUTELY = timedelta(minutes=1)
HOURLY = timedelta(hours=1)


class ReminderWiring:
    """The part of :class:`camtrust.wiring.Services` that reminders need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def endings(self) -> EndingReminders:
        """Reminds holders."""
        services, registration = self._services, self._services.registration
        return EndingReminders(
            database=services.database,
            ending=EndingCertificates(database=services.database),
            outbox=registration.mailing.outbox,
            titles=registration.open_profiles,
            khmer=read_texts(TEXTS / "km.po"),
            settings=services.settings.reminders,
            public_url=services.settings.serve.public_url,
            clock=services.clock,
        )

    @cached_property
    def digest(self) -> WaitingDigest:
        """Tells officers what waits."""
        services = self._services
        return WaitingDigest(
            database=services.database,
            outbox=services.registration.mailing.outbox,
            settings=services.settings.reminders,
            clock=services.clock,
        )

    @property
    def jobs(self) -> Sequence[Job]:
        """What happens by itself."""
        return (
            Job("ending-certificates", MINUTELY, self.endings.remind),
            Job("waiting-applications", HOURLY, self.digest.tell),
        )
