"""What the caller asks for, apart from who signs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum

from pyhanko.stamp import BaseStampStyle

from signing.documents.levels import Level


@dataclass(frozen=True)
class Placement:
    """Where a visible signature stands.

    ``page`` counts from 1, or from the end by negative numbers; ``box`` is left, bottom, right and
    top in points of the page's own coordinates.
    """

    page: int
    box: tuple[float, float, float, float]


class LockAction(StrEnum):
    """Which form fields are locked (ISO 32000-2, Table 258)."""

    ALL = "all"
    INCLUDE = "include"
    EXCLUDE = "exclude"


@dataclass(frozen=True)
class FieldLock:
    """Form fields that nobody may change after the signature."""

    action: LockAction
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class SigningOptions:
    """How a PDF is to be signed.

    ``field`` names the signature field: an empty one of the document, or one to be made. Without
    it a new one is. ``certify`` makes the first signature a certification, with what may change
    afterwards: 1 nothing, 2 forms and signatures, 3 annotations too (ISO 32000-2, Table 257).
    ``appearance`` draws the signature where ``placement`` or an existing field has room.
    """

    level: Level = Level.B_LT
    field: str | None = None
    placement: Placement | None = None
    appearance: BaseStampStyle | None = None
    certify: int | None = None
    lock: FieldLock | None = None
    reason: str | None = None
    location: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
