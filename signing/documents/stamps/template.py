"""Stamp templates: where a stamp lies, as data that a ministry writes in TOML or JSON.

A box is measured from a corner of the page as a reader sees it, rotation and crop box included.
"""

from __future__ import annotations

import json
import tomllib
from enum import Enum
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from signing.documents.stamps.errors import TemplateMalformed
from signing.documents.stamps.layouts import Layout, Row, layouts

MAX_BYTES = 16 * 1024
ModelT = TypeVar("ModelT", bound=BaseModel)
_POINTS = {"mm": 72 / 25.4, "pt": 1.0}


class Corner(Enum):
    """The corner that a box is measured from."""

    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"


class StampTemplate(BaseModel):
    """Where a stamp lies and what it looks like."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    page: Literal["first", "last"] | Annotated[int, Field(ge=1, le=100_000)] = "last"
    corner: Corner = Corner.BOTTOM_RIGHT
    unit: Literal["mm", "pt"] = "mm"
    x: float = Field(ge=0, le=10_000, allow_inf_nan=False)
    y: float = Field(ge=0, le=10_000, allow_inf_nan=False)
    width: float = Field(gt=0, le=10_000, allow_inf_nan=False)
    height: float = Field(gt=0, le=10_000, allow_inf_nan=False)
    layout: str = "full"
    lunar_date: bool = False
    # White behind the stamp, so that it is read on any page; it covers what lies there.
    ground: bool = True

    @model_validator(mode="after")
    def _check_layout(self) -> StampTemplate:
        if self.layout not in layouts():
            names = ", ".join(sorted(layouts()))
            raise ValueError(f"there is no layout {self.layout!r}; there are {names}")
        return self

    @property
    def points(self) -> tuple[float, float, float, float]:
        """The box in points: x, y, width, height."""
        factor = _POINTS[self.unit]
        return self.x * factor, self.y * factor, self.width * factor, self.height * factor

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of the layout; the lunar date only when it is asked for."""
        rows = self.look.rows
        return rows if self.lunar_date else tuple(one for one in rows if one is not Row.LUNAR_DATE)

    @property
    def look(self) -> Layout:
        """The layout itself."""
        return layouts()[self.layout]


def read_values(data: bytes, *, most: int = MAX_BYTES) -> object:
    """Read JSON (when it begins with a brace) or TOML, at most ``most`` octets.

    Raises TemplateMalformed.
    """
    if len(data) > most:
        raise TemplateMalformed(f"The template has {len(data)} bytes; at most {most} are read.")
    try:
        text = data.decode()
        return json.loads(text) if text.lstrip()[:1] == "{" else tomllib.loads(text)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise TemplateMalformed(f"The template is neither JSON nor TOML: {error}") from error


def checked(model: type[ModelT], values: object) -> ModelT:
    """Check values against their model. Raises TemplateMalformed with every mistake."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        reasons = [
            f"{'.'.join(map(str, one['loc'])) or 'template'}: "
            f"{one['msg'].removeprefix('Value error, ')}"
            for one in error.errors(include_url=False, include_input=False)
        ]
        raise TemplateMalformed("; ".join(reasons), mistakes=reasons) from error
