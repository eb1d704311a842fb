"""Tell an applicant by mail that an officer asks, refused, or that nobody decided in time."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TypedDict

from sqlalchemy import Connection

from core.mail.outbox import Outbox
from core.mail.templates import MailTemplate
from core.web.languages import day
from enrollment.application import Application
from enrollment.institutions.institutions import find_institution
from enrollment.reminders.holders import address_of

MAILS = Path(__file__).parent / "mails"
# Where a person's own applications are.
OWN_PAGES = "/my/"


# Who decides what is no institution's.
NATION_KM = "អាជ្ញាធរចុះបញ្ជីជាតិ"
NATION_EN = "the national registration authority"


class _Names(TypedDict):
    khmer: dict[str, str]
    english: dict[str, str]


class Notice(StrEnum):
    """What became of an application; each has its text under ``mails/``."""

    RETURNED = "application-returned"
    REFUSED = "application-refused"
    EXPIRED = "application-expired"


class Notices:
    """Puts the mails, inside the transaction of what they tell of."""

    def __init__(self, *, outbox: Outbox, public_url: str, objection_days: int) -> None:
        self._outbox = outbox
        self._objection_days = objection_days
        self._link = f"{public_url}{OWN_PAGES}"
        self._templates = {one: MailTemplate.load(MAILS / f"{one}.toml") for one in Notice}

    def put(self, connection: Connection, application: Application, notice: Notice) -> bool:
        """Put one mail to the holder's official address; False for whoever has none."""
        address = address_of(connection, application.holder)
        if address is None:
            return False
        mail = self._templates[notice].mail(
            to=address,
            deduplication_key=f"{notice}:{application.id}:{application.round}",
            applied=day(application.submitted_at),
            link=self._link,
            days=str(self._objection_days),
            **_office(connection, application),
        )
        return self._outbox.put(connection, mail)


def _office(connection: Connection, application: Application) -> _Names:
    """Return who is responsible: the institution whose officers decide, or the nation's."""
    if application.institution is None:
        return {"khmer": {"office": NATION_KM}, "english": {"office": NATION_EN}}
    details = find_institution(connection, application.institution).details
    return {"khmer": {"office": details.name_km}, "english": {"office": details.name_latin}}
