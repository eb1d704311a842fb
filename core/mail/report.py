"""How mail stands: what waits, since when, and what was given up. For doctor and metrics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError
from core.mail.models import mails
from core.mail.outbox import MailState

# How long a mail that was given up is worth a finding.
RECENT = timedelta(days=7)
# Greylisting and a restart of the mail server are over by then.
LATE = timedelta(hours=1)


@dataclass(frozen=True)
class MailReport:
    """``unreachable``: given up because nobody took them in time; ``refused``: refused for good."""

    waiting: int
    oldest: datetime | None
    unreachable: int
    refused: int

    def waits_since(self, now: datetime) -> timedelta:
        """How long the oldest mail waits; nothing when none does."""
        return timedelta() if self.oldest is None else now - self.oldest


class MailReports:
    """Asks the table."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def report(self) -> MailReport:
        """Return how mail stands now."""
        since = self._clock.now() - RECENT
        refused = mails.c.failure.like("mail-delivery-refused%")
        with self._database.read() as connection:
            waiting = connection.execute(
                select(func.count(), func.min(mails.c.put_at)).where(
                    mails.c.state == MailState.WAITING
                )
            ).one()
            ended = connection.execute(
                select(func.count(), func.count().filter(refused)).where(
                    mails.c.state == MailState.GIVEN_UP, mails.c.ended_at > since
                )
            ).one()
        return MailReport(waiting[0], waiting[1], ended[0] - ended[1], ended[1])

    def findings(self) -> Iterator[tuple[str, bool | None]]:
        """Yield what ``camtrust doctor`` says."""
        report, now = self.report(), self._clock.now()
        if report.oldest is not None and report.waits_since(now) > LATE:
            yield (
                f"{report.waiting} mails wait, the oldest since {report.oldest:%Y-%m-%d %H:%M} "
                "UTC: look at [mail.smtp] and at the mail server",
                False,
            )
        if report.unreachable:
            yield (
                f"{report.unreachable} mails of the last {RECENT.days} days were given up: no "
                "server took them in time; what they were about has to be told otherwise",
                False,
            )
        if report.refused:
            yield (
                f"{report.refused} mails of the last {RECENT.days} days were refused for their "
                "address or content; the pages show whom an invitation did not reach",
                None,
            )
        yield f"{report.waiting} mails wait to be sent", True


class MailCollector(Collector):
    """Three gauges; asked of the table, so that they are right when nobody sends."""

    def __init__(self, reports: MailReports, clock: Clock) -> None:
        self._reports = reports
        self._clock = clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges; none while the database is away, so alert on their absence too."""
        try:
            report = self._reports.report()
        except CamtrustError as error:
            structlog.get_logger().warning("part-away", part="mail", problem=error.problem)
            return
        yield GaugeMetricFamily(
            "camtrust_mails_waiting", "Mails that wait to be sent.", value=report.waiting
        )
        yield GaugeMetricFamily(
            "camtrust_mail_oldest_waiting_seconds",
            "How long the oldest mail waits.",
            value=report.waits_since(self._clock.now()).total_seconds(),
        )
        yield GaugeMetricFamily(
            "camtrust_mails_given_up",
            "Mails of the last seven days that were given up or refused.",
            value=report.unreachable + report.refused,
        )
