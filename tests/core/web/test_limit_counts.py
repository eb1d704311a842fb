"""Counting requests: windows end, and a storage that is away is replaced by memory for a while."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import pytest
from limits import parse
from limits.errors import ConfigurationError

from core.web import limit_counts
from core.web.limit_counts import LimitCounts, ProcessCounts

TWO = parse("2 per minute")


class Cupboard(ProcessCounts):
    """A storage that everybody shares, and that can be away."""

    STORAGE_SCHEME = ["cupboard-of-tests"]  # type: ignore[assignment]  # noqa: RUF012
    away: ClassVar[bool] = False
    asked: ClassVar[int] = 0

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    @property
    def base_exceptions(self) -> type[Exception]:
        return ConnectionError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        Cupboard.asked += 1
        if Cupboard.away:
            raise ConnectionError
        return super().incr(key, expiry, amount)


@pytest.fixture
def cupboard() -> Iterator[type[Cupboard]]:
    yield Cupboard
    Cupboard.away, Cupboard.asked = False, 0


def test_what_is_left_goes_down_and_the_window_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, now = LimitCounts(None), 1_000_000.0
    monkeypatch.setattr(limit_counts.time, "time", lambda: now)
    seen = [counts.count(TWO, "address:192.0.2.1") for _ in range(3)]
    assert [(one.is_over, one.remaining) for one in seen] == [(False, 1), (False, 0), (True, 0)]
    assert {one.reset_at for one in seen} == {now + 60}
    assert not counts.count(TWO, "address:192.0.2.2").is_over
    now += 60
    assert counts.count(TWO, "address:192.0.2.1").remaining == 1


def test_windows_that_are_over_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000.0
    monkeypatch.setattr(limit_counts.time, "time", lambda: now)
    counts = ProcessCounts()
    for number in range(100):
        counts.incr(f"key-{number}", 30)
    now += 61
    counts.incr("another", 30)
    assert counts.reset() == 1


def test_none_is_lost_among_threads() -> None:
    counts = ProcessCounts()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: counts.incr("one", 60), range(2_000)))
    assert counts.get("one") == 2_000


def test_memory_counts_while_the_storage_is_away_and_no_longer(
    cupboard: type[Cupboard], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(limit_counts.time, "monotonic", lambda: now)
    counts = LimitCounts("cupboard-of-tests://")
    counts.count(TWO, "x")
    cupboard.away = True
    assert [counts.count(TWO, "x").is_over for _ in range(3)] == [False, False, True]
    assert cupboard.asked == 2  # it is left alone for a while
    cupboard.away, now = False, limit_counts.PAUSE_SECONDS
    assert not counts.count(TWO, "x").is_over
    assert counts.count(TWO, "x").is_over


def test_a_storage_that_is_unknown_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        LimitCounts("drawer://")
