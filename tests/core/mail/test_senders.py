"""One contract for both ways out, and what only SMTP has."""

from __future__ import annotations

import mailbox
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32, default
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from core.mail.errors import DeliveryDeferred, DeliveryRefused, MailServerAway
from core.mail.file_mailbox import FileMailbox
from core.mail.senders import MailSender, OutgoingMail
from core.mail.settings import MailSettings, SmtpSettings
from core.mail.smtp import SmtpSender
from tests.core.mail.conftest import Anchor, MailServer, knows, mail_to

SETTINGS = MailSettings(from_address="no-reply@pki.example", from_name="ហេដ្ឋារចនាសម្ព័ន្ធ PKI")
MAIL = OutgoingMail(
    "test:1",
    "dara@interior.example",
    mail_to().subject,
    mail_to().text,
    datetime(2026, 11, 23, 8, 0, tzinfo=UTC),
)
Taken = Callable[[], list[EmailMessage]]


def smtp(server: MailServer, home: Path, **settings: Any) -> SmtpSender:
    chosen = {"host": "localhost", "port": server.port, "security": "none", "timeout_seconds": 5}
    return SmtpSender(
        smtp=SmtpSettings(**(chosen | settings)),  # type: ignore[arg-type]
        settings=SETTINGS,
        home=home,
    )


@pytest.fixture(params=["file mailbox", "smtp"])
def way(
    request: pytest.FixtureRequest, tmp_path: Path, mail_server: Callable[..., MailServer]
) -> tuple[MailSender, Taken]:
    if request.param == "smtp":
        server = mail_server()
        return smtp(server, tmp_path), lambda: server.taken
    folder = tmp_path / "mail"
    return FileMailbox(folder=folder, settings=SETTINGS), lambda: read(folder)


def read(folder: Path) -> list[EmailMessage]:
    box = mailbox.Maildir(folder)
    messages = [message_from_bytes(box.get_bytes(key), policy=default) for key in box.iterkeys()]
    return [one for one in messages if isinstance(one, EmailMessage)]


def test_a_khmer_mail_arrives_as_it_was_written(way: tuple[MailSender, Taken]) -> None:
    sender, taken = way
    with sender.open() as deliver:
        deliver(MAIL)
    [message] = taken()
    assert message["Subject"] == "ការអញ្ជើញ / Invitation"
    assert message["To"] == "dara@interior.example"
    # RFC 2047, Section 6.2: white space between encoded words is none. The newer policies of
    # Python's own reader keep it in a name, so the older one is asked.
    raw = message_from_bytes(message.as_bytes(policy=compat32), policy=compat32)["From"]
    assert str(make_header(decode_header(raw))).startswith(SETTINGS.from_name)
    assert message.get_content().replace("\r\n", "\n") == MAIL.body
    assert message.get_content_type() == "text/plain"
    assert not message.is_multipart()


def test_no_program_answers_and_nothing_tells_who_read(way: tuple[MailSender, Taken]) -> None:
    sender, taken = way
    with sender.open() as deliver:
        deliver(MAIL)
    [message] = taken()
    assert message["Auto-Submitted"] == "auto-generated"
    assert {"disposition-notification-to", "return-receipt-to", "list-unsubscribe"}.isdisjoint(
        name.lower() for name in message
    )


def test_many_leave_together_and_again_with_the_same_name(way: tuple[MailSender, Taken]) -> None:
    sender, taken = way
    other = replace(MAIL, deduplication_key="test:2")
    for _time in range(2):
        with sender.open() as deliver:
            deliver(MAIL)
            deliver(other)
    names = [message["Message-ID"] for message in taken()]
    assert len(names) == 4
    assert len(set(names)) == 2


def test_what_was_opened_for_nothing_is_closed(way: tuple[MailSender, Taken]) -> None:
    sender, taken = way
    with sender.open():
        pass
    assert taken() == []


def test_everything_leaves_in_ascii(tmp_path: Path, mail_server: Callable[..., MailServer]) -> None:
    server = mail_server()
    with smtp(server, tmp_path).open() as deliver:
        deliver(MAIL)
    assert server.octets[0].isascii()
    assert max(map(len, server.octets[0].splitlines())) <= 998  # RFC 5322, Section 2.1.1


def test_a_header_s_line_break_cannot_leave_even_unchecked(way: tuple[MailSender, Taken]) -> None:
    sender, taken = way
    hostile = replace(MAIL, subject="a\r\nBcc: all@interior.example")
    with pytest.raises(ValueError, match="linefeed"), sender.open() as deliver:
        deliver(hostile)
    assert taken() == []


def test_the_file_mailbox_is_its_owner_s_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    with FileMailbox(folder=folder, settings=SETTINGS).open() as deliver:
        deliver(MAIL)
    assert {path.stat().st_mode & 0o077 for path in (folder, folder / "new")} == {0}


def test_a_file_mailbox_that_cannot_be_written_is_away(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file stands in its place")
    sender = FileMailbox(folder=tmp_path / "mail", settings=SETTINGS)
    with pytest.raises(MailServerAway), sender.open():
        pass


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_tls_is_verified_and_the_password_goes_through_it(
    tmp_path: Path, mail_server: Callable[..., MailServer], security: str
) -> None:
    anchor = Anchor(tmp_path)
    encryption = (
        {"tls_context": anchor.context, "require_starttls": True}
        if security == "starttls"
        else {"ssl_context": anchor.context, "auth_require_tls": False}
    )
    server = mail_server(
        authenticator=knows(b"camtrust", b"secret"), auth_required=True, **encryption
    )
    password = tmp_path / "password"
    password.write_text("secret\n")
    password.chmod(0o600)
    sender = smtp(
        server,
        tmp_path,
        security=security,
        ca_file=anchor.file,
        user="camtrust",
        password_file="password",
    )
    with sender.open() as deliver:
        deliver(MAIL)
    assert len(server.taken) == 1
    password.write_text("wrong")
    with pytest.raises(MailServerAway, match="535"), sender.open():
        pass
    password.chmod(0o644)
    with pytest.raises(MailServerAway, match="600"), sender.open():
        pass


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_another_name_or_anchor_is_not_believed(
    tmp_path: Path, mail_server: Callable[..., MailServer], security: str
) -> None:
    own, other = Anchor(tmp_path), Anchor(tmp_path, name="other.example")
    for context, trusted in ((own.context, other.file), (other.context, other.file)):
        name = "tls_context" if security == "starttls" else "ssl_context"
        server = mail_server(**{name: context})
        sender = smtp(server, tmp_path, security=security, ca_file=trusted)
        with pytest.raises(MailServerAway, match="cannot be trusted"), sender.open():
            pass


def test_without_starttls_nothing_leaves_in_the_clear(
    tmp_path: Path, mail_server: Callable[..., MailServer]
) -> None:
    server = mail_server()
    with pytest.raises(MailServerAway), smtp(server, tmp_path, security="starttls").open():
        pass
    assert server.taken == []


@pytest.mark.parametrize(
    ("moods", "refusal", "code"),
    [
        ({"dara@interior.example": "450 Not now"}, DeliveryDeferred, 450),
        ({"dara@interior.example": "550 Nobody here"}, DeliveryRefused, 550),
        ({"DATA": "451 Greylisted"}, DeliveryDeferred, 451),
        ({"DATA": "554 Not wanted"}, DeliveryRefused, 554),
    ],
)
def test_a_refusal_is_for_now_or_for_good(
    tmp_path: Path,
    mail_server: Callable[..., MailServer],
    moods: dict[str, str],
    refusal: type[Exception],
    code: int,
) -> None:
    server = mail_server()
    server.moods = moods
    with smtp(server, tmp_path).open() as deliver:
        with pytest.raises(refusal) as caught:
            deliver(MAIL)
        assert caught.value.data["code"] == code  # type: ignore[attr-defined]
        server.moods = {}
        deliver(replace(MAIL, recipient="sophea@interior.example"))
    assert len(server.taken) == 1


def test_a_server_that_is_not_there_is_away(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    settings = SmtpSettings(host="127.0.0.1", port=port, security="none", timeout_seconds=2)
    sender = SmtpSender(smtp=settings, settings=SETTINGS, home=tmp_path)
    with pytest.raises(MailServerAway, match="cannot be reached"), sender.open():
        pass


@pytest.mark.parametrize("octet", [b"2", b""], ids=["drips", "is silent"])
def test_a_server_without_an_end_is_cut_off_in_time(tmp_path: Path, octet: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stop = threading.Event()

        def drip() -> None:
            connection, _address = listening.accept()
            with connection, suppress(OSError):
                while not stop.wait(0.2):
                    connection.sendall(octet)

        thread = threading.Thread(target=drip)
        thread.start()
        port = listening.getsockname()[1]
        settings = SmtpSettings(host="127.0.0.1", port=port, security="none", timeout_seconds=1)
        sender = SmtpSender(smtp=settings, settings=SETTINGS, home=tmp_path)
        began = time.monotonic()
        with pytest.raises(MailServerAway), sender.open():
            pass
        assert time.monotonic() - began < 10
        stop.set()
        thread.join()


def test_a_server_that_is_slow_with_a_mail_is_away(
    tmp_path: Path, mail_server: Callable[..., MailServer]
) -> None:
    server = mail_server()
    server.slow_seconds = 2.5
    with pytest.raises(MailServerAway), smtp(server, tmp_path, timeout_seconds=1).open() as deliver:
        deliver(MAIL)


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "mail.example", "security": "none"},
        {"host": "mail.example", "user": "camtrust"},
        {"host": "mail.example", "password_file": "password"},
        {"host": ""},
    ],
)
def test_settings_that_would_lose_a_secret_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        SmtpSettings(**wrong)  # type: ignore[arg-type]
