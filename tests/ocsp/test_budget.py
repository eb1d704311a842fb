"""Budgets: of one process, and shared through Redis."""

from __future__ import annotations

import os
import socket
import uuid

import pytest
import redis

from ocsp.budget import Budget, Rate, TokenBucket, budget
from ocsp.shared_budget import SharedBudget
from tests.conftest import lacks

REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")


class Time:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def client() -> redis.Redis:
    client = redis.Redis.from_url(REDIS)
    try:
        client.ping()
    except redis.RedisError:
        lacks("no Redis answers at TEST_REDIS_URL or 127.0.0.1:6379")
    return client


def taken(budget: Budget, times: int) -> int:
    return sum(budget.take() for _ in range(times))


def test_a_bucket_holds_one_periods_count_and_refills_steadily(time: Time) -> None:
    bucket = TokenBucket(Rate(10, 60), monotonic=time)

    assert taken(bucket, 20) == 10
    time.now += 6
    assert taken(bucket, 20) == 1
    time.now += 3600
    assert taken(bucket, 20) == 10


def test_processes_share_one_budget_in_redis(time: Time, client: redis.Redis) -> None:
    name = f"test-{uuid.uuid4().hex}"
    both = [
        SharedBudget(Rate(10, 60), name=name, client=client, wall=time, monotonic=time)
        for _ in range(2)
    ]

    assert sum(taken(one, 8) for one in both) == 10
    time.now += 60
    assert taken(both[1], 20) == 10
    [key] = client.keys(f"camtrust:budget:{name}:{int(time.now) // 60}")
    assert 0 < client.ttl(key) <= 120


def test_without_redis_each_process_has_its_own(time: Time) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        url = f"redis://127.0.0.1:{nobody.getsockname()[1]}"
    shared = SharedBudget(
        Rate(10, 60), name="test", client=redis.Redis.from_url(url), wall=time, monotonic=time
    )

    assert taken(shared, 20) == 10


def test_redis_is_asked_again_when_it_may_be_back(time: Time, client: redis.Redis) -> None:
    class Away(redis.Redis):
        def pipeline(self, *_: object, **__: object) -> object:  # type: ignore[override]
            raise redis.ConnectionError

    shared = SharedBudget(
        Rate(1, 3600), name=f"test-{uuid.uuid4().hex}", client=Away(), wall=time, monotonic=time
    )
    assert taken(shared, 3) == 1
    shared._client = client

    assert taken(shared, 3) == 0
    time.now += 5
    assert taken(shared, 3) == 1


def test_where_the_count_is_kept_is_a_matter_of_settings() -> None:
    assert isinstance(budget("test", "1 per hour", None), TokenBucket)
    assert isinstance(budget("test", "1 per hour", REDIS), SharedBudget)
    with pytest.raises(ValueError, match="has to read like"):
        budget("test", "often", None)
