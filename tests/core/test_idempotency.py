from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.database import Database
from core.idempotency import (
    KEPT_FOR,
    Answer,
    IdempotencyKeyReused,
    IdempotentRequests,
    RequestInProgress,
    Reservation,
    new_act_id,
)

HASH = b"\x01" * 32


@pytest.fixture
def requests(database: Database, clock: Any) -> IdempotentRequests:
    return IdempotentRequests(database=database, clock=clock)


def begin(requests: IdempotentRequests, request: bytes = HASH) -> Reservation | Answer:
    return requests.begin(principal="officer-1", key="k", request_sha256=request)


def reserve(requests: IdempotentRequests) -> Reservation:
    reservation = begin(requests)
    assert isinstance(reservation, Reservation)
    return reservation


def test_a_finished_request_is_answered_from_what_was_kept(requests: IdempotentRequests) -> None:
    answer = Answer(201, {"Location": "/x"}, b"body")
    requests.finish(reserve(requests), answer)
    assert begin(requests) == answer


def test_a_key_with_another_request_is_refused_running_or_done(
    requests: IdempotentRequests,
) -> None:
    reservation = reserve(requests)
    with pytest.raises(IdempotencyKeyReused):
        begin(requests, b"\x02" * 32)
    requests.finish(reservation, Answer(200, {}, b""))
    with pytest.raises(IdempotencyKeyReused):
        begin(requests, b"\x02" * 32)


def test_of_many_at_once_one_runs(requests: IdempotentRequests) -> None:
    def attempt(_n: int) -> str:
        try:
            return type(begin(requests)).__name__
        except RequestInProgress:
            return "waits"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    assert sorted(outcomes) == ["Reservation", *["waits"] * 7]


def test_an_answer_that_was_given_is_not_given_up(requests: IdempotentRequests) -> None:
    reservation = reserve(requests)
    requests.finish(reservation, Answer(200, {}, b"kept"))
    requests.give_up(reservation)
    assert begin(requests) == Answer(200, {}, b"kept")


def test_what_is_old_is_forgotten(requests: IdempotentRequests, clock: Any) -> None:
    requests.finish(reserve(requests), Answer(200, {}, b"old"))
    clock.advance(KEPT_FOR + timedelta(seconds=1))
    assert requests.forget_old() == 1
    assert isinstance(begin(requests), Reservation)


def test_act_ids_sort_by_time_and_are_uuids_of_version_7() -> None:
    instants = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=n) for n in range(50)]
    ids = [new_act_id(instant) for instant in instants]
    assert ids == sorted(ids)
    assert all(one[12] == "7" and one[16] in "89ab" and len(one) == 32 for one in ids)
