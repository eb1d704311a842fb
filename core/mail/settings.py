"""``[mail]``: who mails come from, how they leave, and how long they are kept."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from core.mail.addresses import mail_address
from core.mail.errors import MailAddressMalformed
from core.settings import Section


def _checked_address(text: str) -> str:
    try:
        return mail_address(text)
    except MailAddressMalformed as error:
        raise ValueError(error.detail) from None


Address = Annotated[str, AfterValidator(_checked_address)]


class SmtpSettings(Section):
    """``[mail.smtp]``: the server that takes our mails (RFC 5321, RFC 6409).

    ``security``: ``starttls`` on the submission port, ``tls`` from the first octet on (RFC 8314),
    or ``none``, which only a server on this machine may have. The server's certificate is verified
    against the machine's anchors, or against those in ``ca_file``. ``password_file`` holds the
    password of ``user`` in one line, belongs to its owner alone (mode 600), and is relative to the
    home directory. ``timeout_seconds`` bounds connecting, and handing one mail over, as a whole.
    """

    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    timeout_seconds: float = Field(default=30.0, ge=1, le=120)

    @model_validator(mode="after")
    def _keeps_its_secrets(self) -> Self:
        if self.security == "none" and not _is_this_machine(self.host):
            raise ValueError("security = 'none' is for a server on this machine alone")
        if bool(self.user) != (self.password_file is not None):
            raise ValueError("user and password_file come together")
        return self


class MailSettings(Section):
    """Mails leave by ``smtp``, or into the Maildir ``folder`` of the home directory without it.

    ``keep_days``: how long after its end a mail's recipient and text are kept, for questions.
    ``remember_days``: how long after its end it is known that it was sent, and it is not sent again
    for the same reason. ``give_up_hours``: after that a mail that nobody took is given up.
    """

    from_address: Address = "no-reply@pki.example"
    from_name: str = Field(default="National PKI", pattern=r"^[^\x00-\x1f\x7f<>\"]{1,64}$")
    reply_to: Address | None = None
    smtp: SmtpSettings | None = None
    folder: Path = Path("mail")
    keep_days: int = Field(default=7, ge=0, le=90)
    remember_days: int = Field(default=400, ge=120, le=3650)
    give_up_hours: int = Field(default=72, ge=1, le=240)

    @property
    def kept(self) -> timedelta:
        """How long a mail's recipient and text are kept after its end."""
        return timedelta(days=self.keep_days)

    @property
    def remembered(self) -> timedelta:
        """How long it is known that a mail was sent."""
        return timedelta(days=self.remember_days)

    @property
    def patience(self) -> timedelta:
        """How long a mail is tried."""
        return timedelta(hours=self.give_up_hours)


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
