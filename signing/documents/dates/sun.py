"""The solar year of the Khmer calendar: how many days it has and where it leaves the moon.

All is counted in the Lesser Era (*chollasakaraj*; CE minus 638). Its year has 292,207 eight
hundredths of a day. Names are those of the tradition: *harkun*, days since the era began;
*kromathupul*, what is left of the last day; *avoman*, the excess of the moon over the sun in
parts of 692; *bodithey*, the age of the moon.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

LESSER_ERA = 638  # years from CE to the Lesser Era
_DAY = 800
_YEAR = 292_207  # 365.25875 days
_EPOCH = 373
_MOON_PARTS = 692  # the moon gains 11 parts of 692 on each day
_MOON_GAIN = 11
_MOON_EPOCH = 650
_MONTH = 30


@dataclass(frozen=True)
class SolarYear:
    """The four numbers that a year of the Lesser Era begins with."""

    harkun: int
    kromathupul: int
    avoman: int
    bodithey: int

    @property
    def has_366_days(self) -> bool:
        """Tell whether the solar year is long: no more than 207 parts of its last day are left."""
        return self.kromathupul <= 207


@cache
def solar_year(lesser_era: int) -> SolarYear:
    """Return the numbers of a year of the Lesser Era."""
    whole, part = divmod(_YEAR * lesser_era + _EPOCH, _DAY)
    harkun = whole + 1
    months, avoman = divmod(_MOON_GAIN * harkun + _MOON_EPOCH, _MOON_PARTS)
    return SolarYear(harkun, _DAY - part, avoman, (harkun + months) % _MONTH)


def has_leap_month(lesser_era: int) -> bool:
    """Tell whether *bodithey* asks for a thirteenth month (a second Asadh)."""
    age, following = solar_year(lesser_era).bodithey, solar_year(lesser_era + 1).bodithey
    # Of two years 25 and 5 only the second has one; of 24 and 6 the first has it.
    if (age, following) == (25, 5):
        return False
    return age >= 25 or age <= 5 or (age, following) == (24, 6)


def asks_for_leap_day(lesser_era: int) -> bool:
    """Tell whether *avoman* asks for a thirtieth day of Jesth."""
    year = solar_year(lesser_era)
    if year.has_366_days:
        return year.avoman <= 126
    # 137 followed by 0: the second year has the day.
    return year.avoman <= 137 and solar_year(lesser_era + 1).avoman != 0


def has_leap_day(lesser_era: int) -> bool:
    """Tell whether Jesth has thirty days.

    No year has both a leap month and a leap day: the day then moves to the next year.
    """
    if has_leap_month(lesser_era):
        return False
    postponed = has_leap_month(lesser_era - 1) and asks_for_leap_day(lesser_era - 1)
    return postponed or asks_for_leap_day(lesser_era)
