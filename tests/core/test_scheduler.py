from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from core.database import Database
from core.errors import Unavailable
from core.leases import Leases
from core.scheduler import LEASE, RETRY_AFTER, Job, Scheduler

HOUR = timedelta(hours=1)


@pytest.fixture
def ran() -> list[str]:
    return []


def scheduler(
    database: Database, clock: Any, *jobs: Job, holder: str = "here", **options: Any
) -> Scheduler:
    leases = Leases(database=database, clock=clock)
    return Scheduler(jobs=jobs, leases=leases, clock=clock, holder=holder, **options)


def test_a_job_runs_when_it_is_due_and_not_before(
    sqlite: Database, clock: Any, ran: list[str]
) -> None:
    one = scheduler(sqlite, clock, Job("crls", HOUR, lambda: ran.append("crls")))
    assert one.run_due() == ["crls"]
    assert one.run_due() == []
    clock.advance(HOUR)
    assert one.run_due() == ["crls"]


@pytest.mark.parametrize("failure", [Unavailable("away"), RuntimeError("fault")])
def test_a_job_that_fails_is_tried_again_soon_and_holds_up_no_other(
    sqlite: Database, clock: Any, ran: list[str], failure: Exception
) -> None:
    reports: list[tuple[str, bool]] = []

    def fail() -> None:
        ran.append("failing")
        raise failure

    one = scheduler(
        sqlite,
        clock,
        Job("failing", HOUR, fail),
        Job("other", HOUR, lambda: ran.append("other")),
        report=lambda name, succeeded: reports.append((name, succeeded)),
    )
    assert one.run_due() == ["other"]
    assert reports == [("failing", False), ("other", True)]
    clock.advance(RETRY_AFTER)
    one.run_due()
    assert ran == ["failing", "other", "failing"]


def test_of_two_machines_one_works_and_the_other_follows_when_it_is_gone(
    database: Database, clock: Any, ran: list[str]
) -> None:
    minute = timedelta(minutes=1)
    first = scheduler(database, clock, Job("j", minute, lambda: ran.append("1")), holder="first")
    second = scheduler(database, clock, Job("j", minute, lambda: ran.append("2")), holder="second")
    first.run_due(), second.run_due()
    assert ran == ["1"]
    clock.advance(LEASE)
    second.run_due(), first.run_due()
    assert ran == ["1", "2"]


def test_a_scheduler_that_stops_lets_another_begin_at_once(
    sqlite: Database, clock: Any, ran: list[str]
) -> None:
    first = scheduler(sqlite, clock, Job("j", HOUR, lambda: ran.append("1")), holder="first")
    stop = threading.Event()
    thread = threading.Thread(target=first.run, args=(stop,))
    thread.start()
    for _ in range(500):
        if ran:
            break
        threading.Event().wait(0.01)
    stop.set()
    thread.join(10)
    second = scheduler(sqlite, clock, Job("j", HOUR, lambda: ran.append("2")), holder="second")
    second.run_due()
    assert ran == ["1", "2"]


def test_nothing_runs_while_the_database_is_away(clock: Any, ran: list[str]) -> None:
    away = Database("sqlite:////nonexistent-directory/none.db")
    one = scheduler(away, clock, Job("j", HOUR, lambda: ran.append("1")))
    assert one.run_due() == []
    assert ran == []
