"""The time in tokens comes from a trusted clock and never runs backwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from signing.timestamps.errors import ClockNotTrusted
from signing.timestamps.kernel_clock import KernelClock, KernelTrust, read_kernel_clock
from signing.timestamps.settings import TimestampSettings
from signing.timestamps.time_source import ClockTrust, DeclaredTrust, TimeSource
from signing.timestamps.token import encode_accuracy, encode_gen_time, encode_integer
from tests.conftest import SettableClock

SECOND = timedelta(seconds=1)
GOOD = KernelClock(True, False, timedelta(milliseconds=40))


def source(clock: SettableClock, trust: ClockTrust | None = None) -> TimeSource:
    return TimeSource(
        clock=clock,
        trust=trust or DeclaredTrust(),
        accuracy=SECOND,
        monotonic=lambda: clock.now().timestamp(),
    )


def kernel(*states: KernelClock) -> KernelTrust:
    remaining = list(states)
    read: Callable[[], KernelClock] = lambda: remaining.pop(0)  # noqa: E731
    return KernelTrust(bound=SECOND, read=read)


def test_a_clock_set_back_within_the_accuracy_stands_still(clock: SettableClock) -> None:
    time = source(clock)
    first = time.now()
    clock.advance(-SECOND)

    assert time.now() == first
    clock.advance(2 * SECOND)
    assert time.now() == first + SECOND


def test_a_clock_set_back_by_more_is_not_believed_until_it_has_caught_up(
    clock: SettableClock,
) -> None:
    time = source(clock)
    first = time.now()
    clock.advance(-10 * SECOND)

    with pytest.raises(ClockNotTrusted, match="set back"):
        time.now()
    clock.advance(10 * SECOND)
    assert time.now() == first


def test_a_synchronized_clock_within_the_bound_is_believed(clock: SettableClock) -> None:
    assert source(clock, kernel(GOOD)).now() == clock.now()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (KernelClock(False, False, timedelta(0)), "not synchronized"),
        (KernelClock(True, False, timedelta(seconds=1, milliseconds=1)), "wrong by 1.001 s"),
        (KernelClock(True, True, timedelta(0)), "leap second"),
    ],
    ids=["unsynchronized", "too-wrong", "leap-second"],
)
def test_another_is_not(clock: SettableClock, state: KernelClock, words: str) -> None:
    with pytest.raises(ClockNotTrusted, match=words):
        source(clock, kernel(state)).now()


def test_trust_ends_and_comes_back_within_a_second(clock: SettableClock) -> None:
    lost = KernelClock(False, False, timedelta(0))
    time = source(clock, kernel(GOOD, lost, lost, GOOD))
    time.now()
    clock.advance(SECOND / 2)
    time.now()
    clock.advance(SECOND / 2)

    for _ in range(2):
        with pytest.raises(ClockNotTrusted):
            time.now()
    time.now()


def test_this_machines_kernel_says_how_its_clock_is() -> None:
    state = read_kernel_clock()

    assert state.largest_error >= timedelta(0)
    assert "wrong by" in KernelTrust(bound=SECOND).describe()


@pytest.mark.parametrize(
    ("microsecond", "text"),
    [
        (0, b"20261201042500Z"),
        (999, b"20261201042500Z"),
        (1_000, b"20261201042500.001Z"),
        (120_999, b"20261201042500.12Z"),
        (500_000, b"20261201042500.5Z"),
        (999_999, b"20261201042500.999Z"),
    ],
)
def test_a_time_is_cut_to_milliseconds_and_in_der(microsecond: int, text: bytes) -> None:
    instant = datetime(2026, 12, 1, 4, 25, 0, microsecond, tzinfo=UTC)

    assert encode_gen_time(instant)[2:] == text


@pytest.mark.parametrize(
    ("accuracy", "der"),
    [
        (SECOND, "3003020101"),
        (timedelta(milliseconds=500), "3004800201f4"),
        (timedelta(milliseconds=100), "3003800164"),
    ],
)
def test_the_accuracy_is_seconds_and_milliseconds(accuracy: timedelta, der: str) -> None:
    assert encode_accuracy(accuracy).hex() == der


@pytest.mark.parametrize(
    ("number", "der"), [(0, "020100"), (127, "02017f"), (128, "02020080"), (256, "02020100")]
)
def test_integers_have_the_fewest_octets(number: int, der: str) -> None:
    assert encode_integer(number).hex() == der


@pytest.mark.parametrize(
    "wrong",
    [
        {"accuracy": "PT2S"},
        {"accuracy": "PT0.1S", "largest_clock_error": "PT1S"},
        {"policies": ["not an oid"]},
        {"serial_block": 2**21},
    ],
)
def test_settings_that_promise_too_much_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        TimestampSettings.model_validate(wrong)
