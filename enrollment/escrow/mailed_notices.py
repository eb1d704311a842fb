"""Tells holders by mail as well as on their page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection

from core.mail.outbox import Outbox
from core.mail.templates import MailTemplate
from core.web.languages import instant
from enrollment.escrow.notices import HolderNotices, Notice
from enrollment.escrow.pages.labels import EVENTS
from enrollment.reminders.holders import address_of

TEMPLATE = Path(__file__).parent / "mails" / "key-recovered.toml"
# Where holders see their copies and recoveries.
OWN_PATH = "/my/escrow"


class MailedNotices:
    """Keeps each notice for the holder's page, and puts a mail to their official address."""

    def __init__(
        self, *, page: HolderNotices, outbox: Outbox, khmer: Mapping[str, str], public_url: str
    ) -> None:
        """``khmer`` translates what happened."""
        self._page = page
        self._outbox = outbox
        self._khmer = khmer
        self._public_url = public_url
        self._template = MailTemplate.load(TEMPLATE)

    def tell(self, connection: Connection, notice: Notice) -> None:
        """Take a notice; a holder without an official address has it on the page alone."""
        self._page.tell(connection, notice)
        # A subscriber's id is the person's.
        address = address_of(connection, f"person:{notice.holder}")
        if address is None:
            return
        what = EVENTS[notice.event]
        mail = self._template.mail(
            to=address,
            deduplication_key=f"escrow:{notice.recovery}:{notice.event}:{notice.at.isoformat()}",
            khmer={"what": self._khmer.get(what, what)},
            english={"what": what},
            at=instant(notice.at),
            link=f"{self._public_url}{OWN_PATH}",
        )
        self._outbox.put(connection, mail)
