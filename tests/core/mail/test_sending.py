"""The job: once each, later, given up, and what a crash leaves."""

from __future__ import annotations

import mailbox
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from core.database import Database
from core.errors import CamtrustError
from core.mail.errors import DeliveryDeferred, DeliveryRefused, MailServerAway
from core.mail.file_mailbox import FileMailbox
from core.mail.models import mails
from core.mail.outbox import Outbox
from core.mail.report import MailCollector, MailReports
from core.mail.senders import Delivery, OutgoingMail
from core.mail.sending import CLAIM, FIRST_PAUSE, FIRST_REST, Sending
from core.mail.settings import MailSettings, SmtpSettings
from core.mail.smtp import SmtpSender
from tests.core.mail.conftest import PUBLIC_URL, MailServer, mail_to

SETTINGS = MailSettings()


class Postman:
    """Another's mail server, as far as the job can tell."""

    def __init__(self) -> None:
        self.delivered: list[str] = []
        self.mood: Callable[[str], CamtrustError | None] = lambda _key: None
        self.is_away = False
        self.opened = 0

    @contextmanager
    def open(self) -> Iterator[Delivery]:
        self.opened += 1
        if self.is_away:
            raise MailServerAway("Nobody opens.")
        yield self._deliver

    def _deliver(self, mail: OutgoingMail) -> None:
        error = self.mood(mail.deduplication_key)
        if error is not None:
            raise error
        self.delivered.append(mail.deduplication_key)


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
def sending(database: Database, postman: Postman, clock: Any) -> Sending:
    return Sending(database=database, sender=postman, settings=SETTINGS, clock=clock)


@pytest.fixture
def put(database: Database, clock: Any) -> Callable[..., None]:
    outbox = Outbox(public_url=PUBLIC_URL, clock=clock)

    def keep(*keys: str) -> None:
        with database.begin() as connection:
            for key in keys:
                outbox.put(connection, mail_to(key=key))

    return keep


def states(database: Database) -> dict[str, str]:
    with database.read() as connection:
        rows = connection.execute(select(mails.c.deduplication_key, mails.c.state)).all()
    return {row.deduplication_key: row.state for row in rows}


def test_what_waits_is_sent_once_and_in_its_order(
    sending: Sending, put: Callable[..., None], postman: Postman
) -> None:
    put("a", "b")
    assert sending.send_due() == 2
    assert sending.send_due() == 0
    assert postman.delivered == ["a", "b"]
    assert postman.opened == 1


def test_many_senders_at_once_send_each_mail_once(
    database: Database, put: Callable[..., None], postman: Postman, clock: Any
) -> None:
    put(*(f"m{number}" for number in range(30)))

    def work(_number: int) -> int:
        return Sending(database=database, sender=postman, settings=SETTINGS, clock=clock).send_due()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 30
    assert sorted(postman.delivered) == sorted({f"m{number}" for number in range(30)})


def test_a_deferred_mail_comes_again_later_and_later(
    sending: Sending, put: Callable[..., None], postman: Postman, clock: Any, database: Database
) -> None:
    put("a", "b")
    postman.mood = lambda key: DeliveryDeferred("450", code=450) if key == "a" else None
    sending.send_due()
    assert postman.delivered == ["b"]
    clock.advance(FIRST_PAUSE - timedelta(seconds=1))
    assert not sending.send_due()
    clock.advance(timedelta(seconds=1))
    sending.send_due()
    clock.advance(FIRST_PAUSE)
    postman.mood = lambda _key: None
    assert sending.send_due() == 0
    clock.advance(FIRST_PAUSE)
    assert sending.send_due() == 1


def test_a_refused_mail_is_given_up_at_once_and_noted(
    sending: Sending, put: Callable[..., None], postman: Postman, database: Database, clock: Any
) -> None:
    put("a")
    postman.mood = lambda _key: DeliveryRefused("550", code=550)
    sending.send_due()
    assert states(database) == {"a": "given-up"}
    findings = list(MailReports(database=database, clock=clock).findings())
    assert [well for _words, well in findings] == [None, True]
    with database.read() as connection:
        assert connection.scalar(select(mails.c.failure)) == "mail-delivery-refused 550"


def test_a_server_that_is_away_rests_and_no_mail_is_lost(
    sending: Sending, put: Callable[..., None], postman: Postman, clock: Any
) -> None:
    put("a")
    postman.is_away = True
    for _time in range(3):
        with pytest.raises(MailServerAway):
            sending.send_due()
        assert sending.send_due() == 0
        clock.advance(FIRST_REST * 2**_time)
    assert postman.opened == 3
    postman.is_away = False
    assert sending.send_due() == 1


def test_a_mail_over_which_the_server_goes_away_does_not_hold_up_the_others(
    sending: Sending, put: Callable[..., None], postman: Postman, clock: Any
) -> None:
    put("a", "b")
    postman.mood = lambda key: MailServerAway("It broke.") if key == "a" else None
    with pytest.raises(MailServerAway):
        sending.send_due()
    clock.advance(FIRST_REST)
    assert sending.send_due() == 1
    assert postman.delivered == ["b"]


def test_a_mail_that_nobody_took_in_time_is_given_up_with_a_finding(
    sending: Sending, put: Callable[..., None], postman: Postman, clock: Any, database: Database
) -> None:
    put("a")
    reports = MailReports(database=database, clock=clock)
    postman.is_away = True
    with pytest.raises(MailServerAway):
        sending.send_due()
    clock.advance(timedelta(hours=2))
    assert [well for _words, well in reports.findings()] == [False, True]
    clock.advance(SETTINGS.patience)
    with pytest.raises(MailServerAway):
        # A second mail, so that the server is asked at all.
        put("b")
        sending.send_due()
    assert states(database) == {"a": "given-up", "b": "waiting"}
    assert any(not well and "given up" in words for words, well in reports.findings())


def test_the_gauges_say_what_waits(
    put: Callable[..., None], database: Database, clock: Any
) -> None:
    put("a", "b")
    clock.advance(timedelta(minutes=3))
    registry = CollectorRegistry()
    registry.register(MailCollector(MailReports(database=database, clock=clock), clock))
    assert registry.get_sample_value("camtrust_mails_waiting") == 2
    assert registry.get_sample_value("camtrust_mail_oldest_waiting_seconds") == 180
    assert registry.get_sample_value("camtrust_mails_given_up") == 0


def test_recipients_and_texts_are_dropped_and_the_key_is_remembered(
    sending: Sending, put: Callable[..., None], clock: Any, database: Database, postman: Postman
) -> None:
    put("a")
    sending.send_due()
    clock.advance(SETTINGS.kept)
    sending.forget_old()
    columns = (mails.c.recipient, mails.c.subject, mails.c.body)
    with database.read() as connection:
        assert connection.execute(select(*columns)).one() == (None, None, None)
    put("a")
    assert sending.send_due() == 0
    clock.advance(SETTINGS.remembered)
    sending.forget_old()
    assert states(database) == {}
    assert postman.delivered == ["a"]


def test_a_mail_that_waits_is_never_dropped(
    sending: Sending, put: Callable[..., None], clock: Any, database: Database
) -> None:
    put("a")
    clock.advance(SETTINGS.kept + SETTINGS.remembered)
    sending.forget_old()
    assert states(database) == {"a": "waiting"}


@pytest.mark.parametrize(("moment", "mails_sent"), [("before", 1), ("after", 2)])
def test_a_sender_killed_over_a_mail_loses_none(
    tables_url: str,
    database: Database,
    put: Callable[..., None],
    clock: Any,
    tmp_path: Path,
    moment: str,
    mails_sent: int,
) -> None:
    put("a")
    _in_a_child(lambda: _killed_while_sending(tables_url, clock, tmp_path, moment))
    mailing = FileMailbox(folder=tmp_path / "mail", settings=SETTINGS)
    sending = Sending(database=database, sender=mailing, settings=SETTINGS, clock=clock)
    assert sending.send_due() == 0  # the dead one's claim still stands
    clock.advance(CLAIM)
    assert sending.send_due() == 1
    box = mailbox.Maildir(tmp_path / "mail")
    # Killed after the server took it, before we wrote so: the one case of two, of one name.
    assert len(box) == mails_sent
    assert len({message["Message-ID"] for message in box}) == 1


def _killed_while_sending(database_url: str, clock: Any, folder: Path, moment: str) -> None:
    inner = FileMailbox(folder=folder / "mail", settings=SETTINGS)

    class Killed:
        @contextmanager
        def open(self) -> Iterator[Delivery]:
            with inner.open() as deliver:

                def die(mail: OutgoingMail) -> None:
                    if moment == "after":
                        deliver(mail)
                    os.kill(os.getpid(), signal.SIGKILL)

                yield die

    Sending(
        database=Database(database_url), sender=Killed(), settings=SETTINGS, clock=clock
    ).send_due()


def _in_a_child(work: Callable[[], None]) -> None:
    child = os.fork()
    if child == 0:
        work()
        os._exit(1)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)


def test_a_claim_that_ended_is_another_sender_s(
    database: Database, put: Callable[..., None], clock: Any, postman: Postman
) -> None:
    put("a")

    class Stopped(Postman):
        def _deliver(self, mail: OutgoingMail) -> None:
            # Stopped for longer than its claim, while another sends the mail.
            clock.advance(CLAIM)
            Sending(database=database, sender=postman, settings=SETTINGS, clock=clock).send_due()
            raise DeliveryRefused("550", code=550)

    Sending(database=database, sender=Stopped(), settings=SETTINGS, clock=clock).send_due()
    assert states(database) == {"a": "sent"}


def test_the_whole_way_through_a_real_mail_server(
    database: Database,
    put: Callable[..., None],
    clock: Any,
    tmp_path: Path,
    mail_server: Callable[..., MailServer],
) -> None:
    server = mail_server()
    settings = SmtpSettings(host="127.0.0.1", port=server.port, security="none", timeout_seconds=5)
    sender = SmtpSender(smtp=settings, settings=SETTINGS, home=tmp_path)
    sending = Sending(database=database, sender=sender, settings=SETTINGS, clock=clock)
    put("a", "b", "c")
    server.moods = {"DATA": "451 Later"}
    assert sending.send_due() == 0
    server.moods = {}
    clock.advance(FIRST_PAUSE)
    assert sending.send_due() == 3
    assert len(server.taken) == 3


@pytest.mark.parametrize("outcome", ["sent", "given-up"])
def test_a_confidential_text_is_dropped_when_the_mail_ends(
    sending: Sending, database: Database, postman: Postman, clock: Any, outcome: str
) -> None:
    outbox = Outbox(public_url=PUBLIC_URL, clock=clock)
    with database.begin() as connection:
        outbox.put(connection, mail_to(key="a", confidential=True))
        outbox.put(connection, mail_to(key="b"))
    if outcome == "given-up":
        clock.advance(SETTINGS.patience)
    sending.send_due()
    with database.read() as connection:
        rows = connection.execute(select(mails.c.state, mails.c.body).order_by(mails.c.id)).all()
    assert [row.state for row in rows] == [outcome, outcome]
    assert rows[0].body is None and rows[1].body is not None
