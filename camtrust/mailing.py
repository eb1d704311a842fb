"""Wires the outbox, the way out, and who looks after both."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from core.mail.file_mailbox import FileMailbox
from core.mail.outbox import Outbox
from core.mail.report import MailReports
from core.mail.senders import MailSender
from core.mail.sending import Sending
from core.mail.smtp import SmtpSender

if TYPE_CHECKING:
    from camtrust.wiring import Services


class MailWiring:
    """The part of :class:`camtrust.wiring.Services` that mails need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def outbox(self) -> Outbox:
        """Takes mails inside a transaction."""
        return Outbox(
            public_url=self._services.settings.serve.public_url, clock=self._services.clock
        )

    @cached_property
    def sender(self) -> MailSender:
        """The way out that the settings name."""
        settings, home = self._services.settings.mail, self._services.home.absolute()
        if settings.smtp is None:
            return FileMailbox(folder=home / settings.folder, settings=settings)
        return SmtpSender(smtp=settings.smtp, settings=settings, home=home)

    @cached_property
    def sending(self) -> Sending:
        """Sends what waits."""
        return Sending(
            database=self._services.database,
            sender=self.sender,
            settings=self._services.settings.mail,
            clock=self._services.clock,
        )

    @cached_property
    def reports(self) -> MailReports:
        """How mail stands."""
        return MailReports(database=self._services.database, clock=self._services.clock)


def mail_findings(services: Services) -> Iterator[tuple[str, bool | None]]:
    """Yield what ``camtrust doctor`` says of mail."""
    if services.settings.mail.smtp is None:
        yield "no [mail.smtp]: mails go into a mailbox of files, and reach nobody", None
    yield from services.registration.mailing.reports.findings()
