"""Rounds: all subjects take turns, and one disturbed round moves nothing."""

from __future__ import annotations

from bench.rounds import Series, interleave


def test_subjects_take_turns_and_the_first_round_is_thrown_away() -> None:
    turns: list[str] = []

    def counting(name: str) -> float:
        turns.append(name)
        return float(turns.count(name))

    measured = interleave({"a": lambda: counting("a"), "b": lambda: counting("b")}, rounds=2)
    assert turns == ["a", "b"] * 3
    assert measured == {"a": Series((2.0, 3.0)), "b": Series((2.0, 3.0))}


def test_one_disturbed_round_shows_in_the_spread_and_not_in_the_median() -> None:
    series = Series((100.0, 101.0, 99.0, 100.0, 10.0))
    assert series.median == 100.0
    assert series.spread == 0.91
