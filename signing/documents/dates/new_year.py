"""The Khmer new year: when its god descends (Moha Sangkran) and when the sak rises.

Steps of *Soriyatra Loeung Sak* for a year of the Lesser Era:

1. The mean sun of a day near the end of the past year, in minutes of arc (*libda*).
2. Its distance to the apogee, 80 degrees, brought into the first quadrant.
3. The equation of the centre (*phol*), from a table of half signs.
4. The true sun. The day on which it stands in the first degree of a sign is new year; the rest of
   that degree is the time of day.
5. The sak rises on the day that *harkun* counts.

The animal changes at the moment of Moha Sangkran, the sak two or three days later.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from pathlib import Path

from signing.documents.dates.sun import LESSER_ERA, solar_year

# Asia/Phnom_Penh: one offset the whole year, since 1920. It needs no zone files on the machine.
CAMBODIA = timezone(timedelta(hours=7), "Asia/Phnom_Penh")
_ANNOUNCED = Path(__file__).parent / "announced.toml"
_HARKUN_ZERO = date(638, 3, 24)  # day 0 of the Lesser Era, in the Gregorian calendar backwards
_SIGN = 30 * 60  # minutes of arc
_CIRCLE = 12 * _SIGN
_HALF_SIGN = _SIGN // 2
_APOGEE = 80 * 60
_SUN_SIGN, _SUN_DEGREE, _SUN_MINUTE = 24_350, 811, 14  # in eight hundredths of a day
_SUN_LAGS = 3  # minutes of arc
# (rise over the half sign, value at its beginning), in minutes of arc
_EQUATION = ((35, 0), (32, 35), (27, 67), (22, 94), (13, 116), (5, 129))
_MINUTES_OF_TIME = 24  # in a minute of arc of the sun: it takes a day for sixty
_EARLIEST, _DAYS_LOOKED_AT = 362, 4


@dataclass(frozen=True)
class NewYear:
    """The moment at which the animal changes, and the first day of the new sak."""

    moha_sangkran: datetime
    loeung_sak: date


@cache
def new_year(year: int) -> NewYear:
    """Return the new year that falls in April of a year of the common era."""
    era = year - LESSER_ERA
    loeung_sak = _HARKUN_ZERO + timedelta(days=solar_year(era).harkun)
    announced = _announced().get(year)
    return NewYear(announced or _reckoned(era, loeung_sak), loeung_sak)


@cache
def _announced() -> dict[int, datetime]:
    values = tomllib.loads(_ANNOUNCED.read_text(encoding="utf-8"))["moha_sangkran"]
    return {int(year): moment.astimezone(CAMBODIA) for year, moment in values.items()}


def _reckoned(era: int, loeung_sak: date) -> datetime:
    past = solar_year(era - 1)
    first = _EARLIEST + past.has_366_days
    for day in range(_DAYS_LOOKED_AT):
        sun = _true_sun(past.kromathupul, first + day)
        if sun % _SIGN < 60:
            break
    # The days looked at begin three days before the sak rises.
    morning = loeung_sak - timedelta(days=_DAYS_LOOKED_AT - 1 - day)
    passed = timedelta(minutes=_MINUTES_OF_TIME * (60 - sun % 60))
    return datetime.combine(morning, time(), CAMBODIA) + passed


def _true_sun(kromathupul: int, day: int) -> int:
    # 1. the mean sun
    signs, rest = divmod(800 * day + kromathupul, _SUN_SIGN)
    degrees, rest = divmod(rest, _SUN_DEGREE)
    mean = signs * _SIGN + degrees * 60 + rest // _SUN_MINUTE - _SUN_LAGS
    # 2. its distance to the apogee
    distance = (mean - _APOGEE) % _CIRCLE
    half = distance % (_CIRCLE // 2)
    arc = min(half, _CIRCLE // 2 - half)
    # 3. the equation of the centre
    row, within = divmod(arc, _HALF_SIGN)
    rise, base = _EQUATION[min(row, len(_EQUATION) - 1)]
    equation = within * rise // _HALF_SIGN + base
    # 4. the true sun: behind the mean one until half the circle is done
    return mean - equation if distance < _CIRCLE // 2 else mean + equation
