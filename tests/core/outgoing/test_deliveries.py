"""What waits in a table is told: in turns, again after a while, and by one process at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Row, String, Table, Text, insert, select

from core.columns import UtcDateTime
from core.database import Database
from core.outgoing.deliveries import CLAIM, MOST_AT_ONCE, MOST_TO_ONE, Deliveries, Tell
from core.outgoing.posting import Posted

WAITS = (timedelta(seconds=10), timedelta(minutes=1))
TAKEN, AWAY = Posted(204, None, is_taken=True), Posted(None, "away", is_taken=False)
letters = Table(
    "letters_of_a_test",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("receiver", String(16)),
    Column("state", String(16)),
    Column("tries", Integer),
    Column("next_try_at", UtcDateTime),
    Column("status", Integer),
    Column("problem", Text),
)


class Letters:
    """Letters in a table; ``answer`` is what each receiver says."""

    def __init__(self, database: Database, clock: Any) -> None:
        self.database, self.clock = database, clock
        self.answer: Callable[[str], Posted] = lambda _receiver: TAKEN
        self.told: list[int] = []
        self.deliveries = Deliveries(
            database=database,
            table=letters,
            receiver=letters.c.receiver,
            taken_state="taken",
            waits=WAITS,
            given_up="letter-given-up",
            clock=clock,
        )

    def put(self, receiver: str, *numbers: int) -> None:
        with self.database.begin() as connection:
            for number in numbers:
                row = {"number": number, "receiver": receiver, "state": "waiting", "tries": 0}
                connection.execute(insert(letters).values(next_try_at=self.clock.now(), **row))

    def send(self) -> int:
        return self.deliveries.send_due(select(letters), self.prepare)

    def prepare(self, row: Row[Any]) -> Tell:
        def tell() -> Posted:
            self.told.append(row.number)
            return self.answer(row.receiver)

        return tell

    def states(self) -> list[str]:
        with self.database.read() as connection:
            return list(connection.scalars(select(letters.c.state).order_by(letters.c.number)))


@pytest.fixture
def post(database: Database, clock: Any) -> Iterator[Letters]:
    with database.begin() as connection:
        letters.create(connection)
    yield Letters(database, clock)
    with database.begin() as connection:
        letters.drop(connection)


def test_many_are_told_in_one_run_while_all_are_taken(post: Letters) -> None:
    post.put("one", *range(50))
    assert post.send() == 50
    assert sorted(post.told) == list(range(50))
    assert set(post.states()) == {"taken"}
    assert post.send() == 0


def test_a_receiver_that_is_away_holds_up_no_other(post: Letters) -> None:
    post.put("away", *range(100))
    post.clock.advance(timedelta(seconds=1))
    post.put("there", 100, 101)
    post.answer = lambda receiver: AWAY if receiver == "away" else TAKEN
    assert post.send() == 2
    assert {100, 101} <= set(post.told)
    assert len(post.told) == MOST_TO_ONE + 2 <= MOST_AT_ONCE


def test_what_is_not_taken_is_told_again_and_given_up_in_the_end(post: Letters) -> None:
    post.put("away", 1)
    post.answer = lambda _receiver: AWAY
    for wait in (*WAITS, timedelta(days=9)):
        assert post.send() == post.send() == 0
        post.clock.advance(wait)
    assert post.told == [1, 1, 1]
    assert post.states() == ["given-up"]
    assert post.send() == 0


def test_what_another_process_has_is_left_to_it_and_taken_over_when_it_died(post: Letters) -> None:
    post.put("one", 1)

    def die(_receiver: str) -> Posted:
        assert post.send() == 0
        raise KeyboardInterrupt

    post.answer = die
    with pytest.raises(KeyboardInterrupt):
        post.send()
    post.answer = lambda _receiver: TAKEN
    assert post.send() == 0
    post.clock.advance(CLAIM)
    assert post.send() == 1
    assert post.told == [1, 1]


def test_processes_at_once_tell_each_once(post: Letters) -> None:
    for receiver in range(5):
        post.put(f"receiver-{receiver}", *range(receiver * 10, receiver * 10 + 10))
    sent: list[int] = []
    threads = [threading.Thread(target=lambda: sent.append(post.send())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sent) + post.send() == 50
    assert sorted(post.told) == list(range(50))
