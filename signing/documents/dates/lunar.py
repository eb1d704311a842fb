"""Which day of the moon a day is: month, waxing or waning, and the year of the Buddha.

A lunar year has twelve months of 29 and 30 days in turn (354 days), a thirtieth day of Jesth in
some years (355) or a second Asadh in others (384). Reckoning starts at 1 January 1900, which was
the first waxing day of Bos.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from functools import cache

from core.errors import Unacceptable
from signing.documents.dates.sun import LESSER_ERA, has_leap_day, has_leap_month

_FIRST = date(1900, 1, 1)
_YEARS = 300  # the rules were published for 1900-1999; published dates agree far beyond
_WAXING = 15  # days; what follows wanes
_BUDDHIST_ERA = 544  # years from CE, from 1 waning Pisak on; one less before


class Month(Enum):
    """The lunar months, in the order in which the reckoning meets them."""

    BOS = "បុស្ស"
    MEAK = "មាឃ"
    PHALKUN = "ផល្គុន"
    CHET = "ចេត្រ"
    PISAK = "ពិសាខ"
    JESTH = "ជេស្ឋ"
    ASADH = "អាសាឍ"
    FIRST_ASADH = "បឋមាសាឍ"
    SECOND_ASADH = "ទុតិយាសាឍ"
    SRAP = "ស្រាពណ៍"
    PHOTRABOT = "ភទ្របទ"
    ASSOCH = "អស្សុជ"
    KADEK = "កត្តិក"
    MEKASIRA = "មិគសិរ"


class DateOutsideCalendar(Unacceptable):
    """The day lies outside the years for which the lunar calendar is reckoned."""

    problem = "date-outside-calendar"
    title = "The lunar calendar does not reach this day"


@dataclass(frozen=True)
class LunarDay:
    """A day of the moon: 1 to 15, waxing (*koet*) or waning (*roch*)."""

    month: Month
    day: int
    is_waxing: bool
    buddhist_year: int


def lunar_day(day: date) -> LunarDay:
    """Return the lunar day of a day in Cambodia. Raises DateOutsideCalendar."""
    starts = _starts()
    if not _FIRST <= day < starts[-1]:
        raise DateOutsideCalendar(
            f"The lunar date of {day.isoformat()} is not known: it is reckoned from "
            f"{_FIRST.isoformat()} on, until {starts[-1].isoformat()}. Leave it out."
        )
    at = bisect_right(starts, day) - 1
    return _within(_FIRST.year + at, (day - starts[at]).days)


def _within(year: int, offset: int) -> LunarDay:
    """Return the lunar day that lies ``offset`` days after 1 waxing Bos of ``year``."""
    before_pisak_wanes = True
    for month, length in _months(year):
        if month is Month.JESTH:
            before_pisak_wanes = False
        if offset < length:
            break
        offset -= length
    is_waxing = offset < _WAXING
    # The Buddha entered Nirvana on the full moon of Pisak: the year changes the day after.
    if month is Month.PISAK and not is_waxing:
        before_pisak_wanes = False
    era = year + _BUDDHIST_ERA - before_pisak_wanes
    return LunarDay(month, offset % _WAXING + 1, is_waxing, era)


@cache
def _months(year: int) -> Sequence[tuple[Month, int]]:
    """Return the months with their days, from Bos at the beginning of ``year`` on."""
    era = year - LESSER_ERA
    asadh = (
        [(Month.FIRST_ASADH, 30), (Month.SECOND_ASADH, 30)]
        if has_leap_month(era)
        else [(Month.ASADH, 30)]
    )
    return (
        (Month.BOS, 30),
        (Month.MEAK, 29),
        (Month.PHALKUN, 30),
        (Month.CHET, 29),
        (Month.PISAK, 30),
        (Month.JESTH, 30 if has_leap_day(era) else 29),
        *asadh,
        (Month.SRAP, 29),
        (Month.PHOTRABOT, 30),
        (Month.ASSOCH, 29),
        (Month.KADEK, 30),
        (Month.MEKASIRA, 29),
    )


@cache
def _starts() -> Sequence[date]:
    """Return the first day of Bos of each year, and the day after the last year."""
    starts = [_FIRST]
    for year in range(_FIRST.year, _FIRST.year + _YEARS):
        days = sum(length for _, length in _months(year))
        starts.append(starts[-1] + timedelta(days=days))
    return tuple(starts)
