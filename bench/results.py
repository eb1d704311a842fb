"""What a benchmark found: a table for people and ``var/bench/NAME.json`` for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

RESULTS = Path("var/bench")

_WIDTH = 120


@dataclass(frozen=True)
class Row:
    """One value with its unit. ``vs`` names the row that ``ratio`` is taken against.

    ``ratio`` is always this row's value divided by the other's. ``spread`` is how far the rounds
    lay apart: (largest - smallest) / median; None where there was one measurement.
    """

    name: str
    value: float
    unit: str
    vs: str | None = None
    ratio: float | None = None
    spread: float | None = None


def against(rows: Sequence[Row], pairs: dict[str, str]) -> list[Row]:
    """Return the rows with ``vs`` and ``ratio`` filled in where both rows of a pair exist."""
    values = {row.name: row.value for row in rows}
    compared = []
    for row in rows:
        other = pairs.get(row.name)
        if other is None or not values.get(other):
            compared.append(row)
        else:
            ratio = row.value / values[other]
            compared.append(Row(row.name, row.value, row.unit, other, ratio, row.spread))
    return compared


def write_json(rows: Sequence[Row], path: Path) -> None:
    """Write ``{"rows": [{name, value, unit, vs, ratio}], "spread": {name: spread}}``."""
    document = {
        "rows": [
            {
                "name": row.name,
                "value": _significant(row.value),
                "unit": row.unit,
                "vs": row.vs,
                "ratio": None if row.ratio is None else _significant(row.ratio),
            }
            for row in rows
        ],
        "spread": {row.name: round(row.spread, 3) for row in rows if row.spread is not None},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def print_table(rows: Sequence[Row], *, title: str, console: Console | None = None) -> None:
    """Print the rows as a table, with the noise of the machine beside each value."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    table.add_column("row", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit")
    table.add_column("spread", justify="right", no_wrap=True)
    table.add_column("ratio", justify="right", no_wrap=True)
    table.add_column("to")
    for row in rows:
        table.add_row(
            row.name,
            f"{_significant(row.value):,}",
            row.unit,
            "" if row.spread is None else f"{row.spread:.0%}",
            "" if row.ratio is None else f"{_significant(row.ratio):,}",
            row.vs or "",
        )
    # In a file or a log nothing has to be folded.
    (console or Console(width=None if sys.stdout.isatty() else _WIDTH)).print(table)


def _significant(value: float) -> float:
    # Four digits are more than a shared machine can repeat.
    rounded = float(f"{value:.4g}")
    return int(rounded) if rounded.is_integer() else rounded
