"""The filters of the search: as typed, and as what they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ca.inquiry import STANDINGS, Inquiry, Place
from core.web.cursors import cursor_after, row_id_of
from core.web.typed_days import beginning_of, day_in, end_of
from enrollment.institutions.errors import InstitutionUnknown
from enrollment.jurisdiction import Jurisdiction

DAYS = ("issued_from", "issued_until", "expires_from", "expires_until")
NAMES = ("profile", "standing", "institution", *DAYS)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Filters:
    """What was typed, by name, and the names of the days that cannot be read."""

    typed: Mapping[str, str]
    mistaken: tuple[str, ...]

    def inquiry(self, within: Jurisdiction, holder: str | None = None) -> Inquiry:
        """Return what is asked for. Raises InstitutionUnknown for what ``within`` does not cover.

        Both days of a range belong to it.
        """
        wanted = self.typed["institution"] or None
        if wanted is not None and not within.covers(wanted):
            raise InstitutionUnknown("There is no institution of this id that you may see.")
        return Inquiry(
            profile=self.typed["profile"] or None,
            holder=holder,
            institution=wanted or within.institution,
            standing=self.typed["standing"] or None,
            issued_from=self._begins("issued_from"),
            issued_until=self._ends("issued_until"),
            expires_from=self._begins("expires_from"),
            expires_until=self._ends("expires_until"),
        )

    def _begins(self, name: str) -> datetime | None:
        day = day_in(self.typed[name])
        return None if day is None else beginning_of(day)

    def _ends(self, name: str) -> datetime | None:
        day = day_in(self.typed[name])
        return None if day is None else end_of(day)


def read_filters(given: Mapping[str, str]) -> Filters:
    """Read the filters of a form or a query."""
    typed = {name: given.get(name, "").strip()[:64] for name in NAMES}
    if typed["standing"] not in STANDINGS:
        typed["standing"] = ""
    for name in ("profile", "institution"):
        # Neither is typed: what is none of ours was never in the form.
        typed[name] = typed[name] if _NAME.fullmatch(typed[name]) else ""
    mistaken = tuple(name for name in DAYS if typed[name] and day_in(typed[name]) is None)
    return Filters(typed, mistaken)


def cursor_of(place: Place) -> str:
    """Return a place in a list as a cursor."""
    micros = 0 if place.not_after is None else (place.not_after - _EPOCH) // _MICROSECOND
    return cursor_after(f"{micros:016x}{place.number:016x}")


def place_of(cursor: str) -> Place:
    """Return the place of a cursor. Raises CursorMalformed."""
    digits = row_id_of(cursor)
    micros, number = int(digits[:16], 16), int(digits[16:], 16)
    # What no list of ours has, as of another kind of list, begins at the beginning of time.
    micros = min(micros, _MOST_MICROS)
    return Place(min(number, 2**63 - 1), _EPOCH + micros * _MICROSECOND)


_MOST_MICROS = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // _MICROSECOND
