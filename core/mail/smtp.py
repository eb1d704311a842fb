"""The way out by SMTP: TLS verified, a password from a file, and no wait without an end."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.policy import SMTP
from pathlib import Path

from core.mail.errors import DeliveryDeferred, DeliveryRefused, MailServerAway
from core.mail.senders import Delivery, OutgoingMail, message_of
from core.mail.settings import MailSettings, SmtpSettings

# RFC 5321, Section 4.2.1: from here on the same mail will never be taken.
PERMANENT = 500


class SmtpSender:
    """Hands mails to a server; one connection for all that leave together.

    ``home`` is what the settings' files are relative to.
    """

    def __init__(self, *, smtp: SmtpSettings, settings: MailSettings, home: Path) -> None:
        self._smtp = smtp
        self._settings = settings
        self._home = home

    @contextmanager
    def open(self) -> Iterator[Delivery]:
        """Connect, secure the connection and sign in. Raises MailServerAway."""
        password = self._password()
        server = self._client()
        try:
            with self._in_time(server):
                self._greet(server, password)
            yield lambda mail: self._deliver(server, mail)
        finally:
            # The connection ends with the timeout of its socket at the latest.
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def _client(self) -> smtplib.SMTP:
        timeout = self._smtp.timeout_seconds
        if self._smtp.security == "tls":
            return smtplib.SMTP_SSL(timeout=timeout, context=self._trust())
        return smtplib.SMTP(timeout=timeout)

    def _greet(self, server: smtplib.SMTP, password: str | None) -> None:
        # smtplib verifies the certificate against the name that it was made with.
        server._host = self._smtp.host  # type: ignore[attr-defined]
        code, _words = server.connect(self._smtp.host, self._smtp.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, b"")
        server.ehlo_or_helo_if_needed()
        if self._smtp.security == "starttls":
            # Raises where STARTTLS is not offered: nothing ever leaves in the clear instead.
            server.starttls(context=self._trust())
        if password is not None:
            server.login(self._smtp.user, password)

    def _deliver(self, server: smtplib.SMTP, mail: OutgoingMail) -> None:
        octets = message_of(mail, self._settings).as_bytes(policy=SMTP)
        with self._in_time(server):
            try:
                server.sendmail(self._settings.from_address, [mail.recipient], octets)
            except smtplib.SMTPRecipientsRefused as error:
                _code, _words = error.recipients[mail.recipient]
                raise _refusal(_code) from error
            except smtplib.SMTPDataError as error:
                raise _refusal(error.smtp_code) from error

    @contextmanager
    def _in_time(self, server: smtplib.SMTP) -> Iterator[None]:
        # A socket's timeout starts anew with each octet; this one is for the whole.
        watch = threading.Timer(self._smtp.timeout_seconds, lambda: _cut(server))
        watch.daemon = True
        watch.start()
        try:
            yield
        except smtplib.SMTPResponseException as error:
            raise _away(f"The mail server says {error.smtp_code}.") from error
        except (OSError, ValueError, smtplib.SMTPException) as error:
            raise _away(_words_for(error)) from error
        finally:
            watch.cancel()

    def _trust(self) -> ssl.SSLContext:
        path = self._smtp.ca_file
        try:
            return ssl.create_default_context(cafile=None if path is None else self._home / path)
        except OSError as error:
            raise _away("The file of [mail.smtp] ca_file cannot be read.") from error

    def _password(self) -> str | None:
        if self._smtp.password_file is None:
            return None
        path = self._home / self._smtp.password_file
        try:
            mode = path.stat().st_mode
            password = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise _away("The password file of the mail server cannot be read.") from error
        if mode & 0o077:
            raise _away(
                "The password file of the mail server can be read by others: give it mode 600."
            )
        return password


def _cut(server: smtplib.SMTP) -> None:
    # The socket's own shutdown: that of ssl would take the object away from under its reader.
    if server.sock is not None:
        with suppress(OSError):
            socket.socket.shutdown(server.sock, socket.SHUT_RDWR)


def _refusal(code: int) -> DeliveryDeferred | DeliveryRefused:
    if code >= PERMANENT:
        return DeliveryRefused(f"The mail server says {code}.", code=code)
    return DeliveryDeferred(f"The mail server says {code}.", code=code)


def _words_for(error: Exception) -> str:
    reasons: tuple[tuple[type[Exception], str], ...] = (
        (ssl.SSLCertVerificationError, "The mail server's certificate cannot be trusted."),
        (smtplib.SMTPNotSupportedError, "The mail server offers no STARTTLS or no sign-in."),
        (TimeoutError, "The mail server did not answer in time."),
    )
    for kind, words in reasons:
        if isinstance(error, kind):
            return words
    return "The mail server cannot be reached."


def _away(words: str) -> MailServerAway:
    return MailServerAway(words, kept="The mails wait.")
