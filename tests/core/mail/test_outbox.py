"""What the outbox takes, and that it is one with the caller's transaction."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from core.database import Database
from core.mail.addresses import mail_address, masked_address
from core.mail.errors import MailAddressMalformed, MailRefused
from core.mail.mail import Letter, Mail, checked_recipient
from core.mail.models import mails
from core.mail.outbox import MailState, Outbox
from core.mail.templates import MailTemplate
from core.settings import SettingsRefused
from tests.core.mail.conftest import PUBLIC_URL, mail_to

TEMPLATE = """
kind = "test"
[km]
subject = "សួស្តី"
text = "ក្រសួង {institution} អញ្ជើញអ្នក"
[en]
subject = "Hello"
text = "{institution} invites you"
"""


@pytest.fixture
def outbox(database: Database, clock: Any) -> Outbox:
    return Outbox(public_url=PUBLIC_URL, clock=clock)


def count(database: Database) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(mails)) or 0


def test_a_mail_is_committed_with_what_it_speaks_of(database: Database, outbox: Outbox) -> None:
    with database.begin() as connection:
        assert outbox.put(connection, mail_to())
    assert count(database) == 1


def test_of_a_transaction_that_fails_no_mail_is_left(database: Database, outbox: Outbox) -> None:
    with pytest.raises(RuntimeError), database.begin() as connection:
        outbox.put(connection, mail_to())
        raise RuntimeError
    assert count(database) == 0


def test_of_one_key_there_is_one_mail_and_the_transaction_goes_on(
    database: Database, outbox: Outbox
) -> None:
    with database.begin() as connection:
        assert outbox.put(connection, mail_to())
        assert not outbox.put(connection, mail_to())
        assert outbox.put(connection, mail_to(key="test:2"))
    assert count(database) == 2


def test_of_many_at_once_with_one_key_one_is_taken(database: Database, outbox: Outbox) -> None:
    def put(_number: int) -> bool:
        with database.begin() as connection:
            return outbox.put(connection, mail_to())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(put, range(8))).count(True) == 1


def test_a_mail_that_waits_can_be_taken_back(database: Database, outbox: Outbox) -> None:
    with database.begin() as connection:
        outbox.put(connection, mail_to())
        assert outbox.withdraw(connection, "test:1")
        assert not outbox.withdraw(connection, "test:1")
        assert outbox.states(connection, ["test:1", "test:9"]) == {"test:1": MailState.WITHDRAWN}
        assert connection.execute(select(mails.c.recipient, mails.c.body)).one() == (None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"en_subject": "Invitation\r\nBcc: all@interior.example"},
        {"en_subject": "Invitation\nX"},
        {"km_subject": "ការ\x00អញ្ជើញ"},
        {"en_subject": "a\u2028b"},
        {"en_text": "text\r\n.\r\nMAIL FROM:<x@y.example>"},
        {"en_text": "read \u202eelpmaxe.live"},
        {"en_text": "half \ud800 a character"},
        {"en_text": "https://pki.example.evil.example/x"},
        {"en_text": "https://pki.examplex/"},
        {"en_text": "see www.evil.example"},
        {"en_text": "javascript://pki.example/"},
        {"km_text": "HTTP://evil.example"},
        {"en_subject": "x" * 300},
        {"en_text": "x" * 30_000},
    ],
    ids=lambda changes: ascii(next(iter(changes.values())))[:30],
)
def test_what_no_mail_may_hold_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(MailRefused):
        checked_recipient(mail_to(**changes), public_url=PUBLIC_URL)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "dara",
        "dara@interior",
        "dara@@interior.example",
        "a b@interior.example",
        '"a b"@interior.example',
        "dara@[127.0.0.1]",
        "dara@interior.example\nBcc: x@y.example",
        "dara@interior.example, all@interior.example",
        "Dara <dara@interior.example>",
        "ដារា@interior.example",
        f"{'a' * 65}@interior.example",
        f"a@{'b.' * 130}example",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(MailAddressMalformed):
        mail_address(address)


def test_an_address_is_kept_as_every_server_understands_it() -> None:
    assert mail_address("Dara.Sok@INTERIOR.example") == "Dara.Sok@interior.example"
    assert mail_address("a@ក្រសួង.ខ្មែរ") == "a@xn--i2ei9dua4mxe.xn--j2e0cg3n2c"
    assert masked_address("dara@interior.example") == "d…@interior.example"


@given(st.text(max_size=40), st.text(max_size=80))
def test_whatever_is_taken_has_one_line_of_subject(subject: str, text: str) -> None:
    mail = Mail("dara@interior.example", "test", "test:1", Letter(subject, text), Letter("a", "b"))
    try:
        checked_recipient(mail, public_url=PUBLIC_URL)
    except MailRefused:
        return
    assert len(mail.subject.splitlines()) <= 1
    assert mail.subject.encode()


def test_a_template_is_filled_in_both_languages_and_a_value_stays_in_its_line(
    tmp_path: Path,
) -> None:
    path = tmp_path / "test.toml"
    path.write_text(TEMPLATE)
    mail = MailTemplate.load(path).mail(
        to="a@b.example", deduplication_key="x", institution="Interior\n\n{institution}"
    )
    assert mail.english.text == "Interior {institution} invites you"
    assert mail.text.index("ក្រសួង") < mail.text.index("invites")
    assert mail.subject == "សួស្តី / Hello"


@pytest.mark.parametrize(
    "changed", [TEMPLATE.replace("{institution} invites", "{ministry} invites"), "kind", "[km]"]
)
def test_a_template_that_says_two_things_is_refused(tmp_path: Path, changed: str) -> None:
    path = tmp_path / "test.toml"
    path.write_text(changed)
    with pytest.raises(SettingsRefused, match=r"test\.toml"):
        MailTemplate.load(path)
