"""The port by which mails leave, and the mail as it leaves."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from typing import Protocol

from core.mail.settings import MailSettings


@dataclass(frozen=True)
class OutgoingMail:
    """A mail as the outbox kept it."""

    deduplication_key: str
    recipient: str
    subject: str
    body: str
    put_at: datetime


class Delivery(Protocol):
    """Hands one mail on."""

    def __call__(self, mail: OutgoingMail) -> None:
        """Return once the other side is answerable for the mail (RFC 5321, Section 4.2.5).

        Raises MailServerAway when no mail leaves now, DeliveryDeferred and DeliveryRefused for
        this one.
        """


class MailSender(Protocol):
    """A way out: an SMTP server, or a file mailbox."""

    def open(self) -> AbstractContextManager[Delivery]:
        """Open the way for some mails. Raises MailServerAway."""


def message_of(mail: OutgoingMail, settings: MailSettings) -> EmailMessage:
    """Return a mail as RFC 5322 has it; sent again, it has the same Message-ID.

    Subjects are encoded words (RFC 2047) and the text is UTF-8 in base64, so that servers
    without extensions take both. The message says that a program wrote it (RFC 3834, Section 5),
    so that no other program answers.
    """
    message = EmailMessage(policy=SMTP)
    domain = settings.from_address.rpartition("@")[2]
    name = sha256(f"{mail.deduplication_key} {mail.put_at.isoformat()}".encode()).hexdigest()
    message["From"] = Address(settings.from_name, addr_spec=settings.from_address)
    message["To"] = Address(addr_spec=mail.recipient)
    if settings.reply_to is not None:
        message["Reply-To"] = Address(addr_spec=settings.reply_to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.put_at)
    message["Message-ID"] = f"<{name[:40]}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = "km, en"  # RFC 3282, Section 2
    message.set_content(mail.body, charset="utf-8", cte="base64")
    return message
