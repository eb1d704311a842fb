from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from core.database import Database
from core.leases import Leases

MINUTE = timedelta(minutes=1)


@pytest.fixture
def leases(database: Database, clock: Any) -> Leases:
    return Leases(database=database, clock=clock)


def test_one_of_two_gets_the_lease_and_may_renew_it(leases: Leases) -> None:
    assert leases.take("work", holder="a", duration=MINUTE)
    assert not leases.take("work", holder="b", duration=MINUTE)
    assert leases.take("work", holder="a", duration=MINUTE)


def test_a_lease_that_ran_out_is_taken_over(leases: Leases, clock: Any) -> None:
    leases.take("work", holder="a", duration=MINUTE)
    clock.advance(MINUTE)
    assert leases.take("work", holder="b", duration=MINUTE)
    assert not leases.take("work", holder="a", duration=MINUTE)


def test_a_lease_given_back_is_free_at_once(leases: Leases) -> None:
    leases.take("work", holder="a", duration=MINUTE)
    leases.give_back("work", holder="b")
    assert not leases.take("work", holder="b", duration=MINUTE)
    leases.give_back("work", holder="a")
    assert leases.take("work", holder="b", duration=MINUTE)


def test_of_many_at_once_one_gets_it(leases: Leases) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(
            pool.map(lambda n: leases.take("work", holder=str(n), duration=MINUTE), range(8))
        )
    assert taken.count(True) == 1
