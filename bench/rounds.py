"""Rounds: every subject in turn, again and again, so that noise falls on all alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

Measure = Callable[[], float]


@dataclass(frozen=True)
class Series:
    """What one subject showed in each round."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle value: one disturbed round does not move it."""
        return median(self.values)

    @property
    def spread(self) -> float:
        """(largest - smallest) / median: what a difference must exceed to mean anything."""
        return (max(self.values) - min(self.values)) / self.median if self.median else 0.0


def interleave(subjects: Mapping[str, Measure], *, rounds: int) -> dict[str, Series]:
    """Measure every subject once a round; a first round warms caches and is thrown away."""
    for measure in subjects.values():
        measure()
    seen: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, measure in subjects.items():
            seen[name].append(measure())
    return {name: Series(tuple(values)) for name, values in seen.items()}
