"""Layouts: which rows a stamp has, and whether a seal and a QR code stand beside them.

They are data (``layouts.toml``); a ministry's template names one.
"""

from __future__ import annotations

import tomllib
from enum import Enum
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

_FILE = Path(__file__).parent / "layouts.toml"


class Row(Enum):
    """What a stamp can say."""

    MINISTRY = "ministry"
    SIGNED_BY = "signed-by"
    SIGNER = "signer"
    TITLE = "title"
    ON_BEHALF_OF = "on-behalf-of"
    NUMBER = "number"
    LUNAR_DATE = "lunar-date"
    KHMER_DATE = "khmer-date"
    ENGLISH_DATE = "english-date"
    ADDRESS = "address"


class Alignment(Enum):
    """Where lines begin."""

    LEFT = "left"
    CENTRE = "centre"


class Layout(BaseModel):
    """One layout. Sizes are points."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: tuple[Row, ...]
    align: Alignment = Alignment.LEFT
    has_qr: bool = True
    has_seal: bool = False
    has_border: bool = True
    largest_text: float = Field(default=10, ge=5, le=24)
    # Below five points print runs together, Khmer subscripts first.
    smallest_text: float = Field(default=5, ge=5, le=24)


@cache
def layouts() -> dict[str, Layout]:
    """Return the layouts by name."""
    values = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {name: Layout.model_validate(value) for name, value in values.items()}
