"""Mails to those whose turn it is, and to whoever started a circulation.

Put into the outbox inside the transaction of the act that they tell of. A mail leads to the page,
and holds neither the document nor, unless the settings allow it, its title; never one with a link.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from core.mail.outbox import Outbox
from core.mail.templates import MailTemplate
from core.web.languages import day, instant
from signing.approval.approval import Approval, Participant
from signing.approval.directory import Directory
from signing.approval.words import holds_link

MAILS = Path(__file__).parent / "mails"
PATH = "/approvals"
_A_DOCUMENT = ("ឯកសារមួយ", "A document")


class Notices:
    """Puts the mails. Whom the institution lists no more, or without an official address, gets
    none: the page shows what waits."""

    def __init__(
        self, *, outbox: Outbox, directory: Directory, titles_in_mails: bool, public_url: str
    ) -> None:
        self._outbox = outbox
        self._directory = directory
        self._titles = titles_in_mails
        self._url = public_url
        self._templates = {
            name: MailTemplate.load(MAILS / f"{name}.toml")
            for name in ("waits", "reminder", "overdue", "ended", "deputy")
        }

    def waits(
        self, connection: Connection, approval: Approval, one: Participant, deputies: Iterable[str]
    ) -> None:
        """Tell somebody, and who stands in for them, that it is their turn."""
        self._to_all(connection, "waits", approval, one, [one.person, *deputies])

    def reminder(
        self, connection: Connection, approval: Approval, one: Participant, deputies: Iterable[str]
    ) -> None:
        """Remind them that the deadline comes."""
        name = f"reminder-{one.reminded}"
        self._to_all(connection, name, approval, one, [one.person, *deputies])

    def overdue(
        self, connection: Connection, approval: Approval, one: Participant, deputies: Iterable[str]
    ) -> None:
        """Tell them, and whoever started it, that the deadline is over."""
        self._to_all(connection, "overdue", approval, one, [one.person, *deputies])
        if approval.by_person:
            self._put(
                connection,
                "overdue",
                f"{approval.id}:{one.number}:late",
                approval,
                approval.requester,
                deadline=instant(one.deadline),
            )

    def ended(self, connection: Connection, approval: Approval, people: Iterable[str]) -> None:
        """Tell whoever started it, and who acted before a refusal, that it is over."""
        started = [approval.requester] if approval.by_person else []
        for place, person in enumerate(dict.fromkeys([*started, *people])):
            self._put(connection, "ended", f"{approval.id}:ended:{place}", approval, person)

    def deputy(
        self,
        connection: Connection,
        deputy_id: str,
        deputy: str,
        institution: str,
        begins_at: datetime,
        ends_at: datetime,
    ) -> None:
        """Tell somebody that they were named."""
        address = self._directory.address(connection, deputy, institution)
        if address is None:
            return
        mail = self._templates["deputy"].mail(
            to=address,
            deduplication_key=f"approval-deputy:{deputy_id}",
            begins=day(begins_at),
            ends=instant(ends_at),
            link=f"{self._url}{PATH}/deputies",
        )
        self._outbox.put(connection, mail)

    def _to_all(
        self,
        connection: Connection,
        name: str,
        approval: Approval,
        one: Participant,
        people: Iterable[str],
    ) -> None:
        for place, person in enumerate(dict.fromkeys(people)):
            key = f"{approval.id}:{one.number}:{name}:{place}"
            kind = name.partition("-")[0]
            self._put(connection, kind, key, approval, person, deadline=instant(one.deadline))

    def _put(
        self,
        connection: Connection,
        kind: str,
        key: str,
        approval: Approval,
        person: str,
        **values: str,
    ) -> None:
        address = self._directory.address(connection, person, approval.institution)
        if address is None:
            return
        khmer, english = _A_DOCUMENT
        # A stranger's words with a link in them would be a mail of ours that leads to strangers.
        if self._titles and not holds_link(approval.title):
            khmer = english = approval.title
        mail = self._templates[kind].mail(
            to=address,
            deduplication_key=f"approval:{key}",
            khmer={"document": khmer},
            english={"document": english},
            link=f"{self._url}{PATH}/{approval.id}",
            **values,
        )
        self._outbox.put(connection, mail)
