"""How a moment is written on a letter: the lunar line, the Khmer date, the English one."""

from __future__ import annotations

from datetime import datetime

from signing.documents.dates.lunar import lunar_day
from signing.documents.dates.new_year import CAMBODIA, new_year
from signing.documents.dates.sun import LESSER_ERA

_DIGITS = str.maketrans("0123456789", "០១២៣៤៥៦៧៨៩")
_WEEKDAYS = ("ចន្ទ", "អង្គារ", "ពុធ", "ព្រហស្បតិ៍", "សុក្រ", "សៅរ៍", "អាទិត្យ")
_MONTHS = (
    "មករា",
    "កុម្ភៈ",
    "មីនា",
    "មេសា",
    "ឧសភា",
    "មិថុនា",
    "កក្កដា",
    "សីហា",
    "កញ្ញា",
    "តុលា",
    "វិច្ឆិកា",
    "ធ្នូ",
)
# A year of the common era divisible by twelve, plus four, is a year of the rat.
_ANIMALS = (
    "ជូត",
    "ឆ្លូវ",
    "ខាល",
    "ថោះ",
    "រោង",
    "ម្សាញ់",
    "មមី",
    "មមែ",
    "វក",
    "រកា",
    "ច",
    "កុរ",
)
_RAT = 4
# By the last digit of the year of the Lesser Era.
_SAK = (
    "សំរឹទ្ធិស័ក",
    "ឯកស័ក",
    "ទោស័ក",
    "ត្រីស័ក",
    "ចត្វាស័ក",
    "បញ្ចស័ក",
    "ឆស័ក",
    "សប្តស័ក",
    "អដ្ឋស័ក",
    "នព្វស័ក",
)
_ENGLISH_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def khmer_digits(value: int | str) -> str:
    """Write digits with Khmer ones."""
    return str(value).translate(_DIGITS)


def lunar_line(moment: datetime) -> str:
    """Write the lunar date: weekday, day of the moon, month, animal, sak, Buddhist year.

    ``moment`` is aware. Raises DateOutsideCalendar.
    """
    local = moment.astimezone(CAMBODIA)
    moon = lunar_day(local.date())
    phase = "កើត" if moon.is_waxing else "រោច"
    return (
        f"ថ្ងៃ{_WEEKDAYS[local.weekday()]} {khmer_digits(moon.day)}{phase} "
        f"ខែ{moon.month.value} ឆ្នាំ{animal(moment)} {sak(moment)} "
        f"ព.ស. {khmer_digits(moon.buddhist_year)}"
    )


def animal(moment: datetime) -> str:
    """Return the animal of the year, which changes at the moment of Moha Sangkran."""
    year = moment.astimezone(CAMBODIA).year
    if moment < new_year(year).moha_sangkran:
        year -= 1
    return _ANIMALS[(year - _RAT) % len(_ANIMALS)]


def sak(moment: datetime) -> str:
    """Return the sak of the year, which changes on the day on which it rises (*loeung sak*)."""
    local = moment.astimezone(CAMBODIA)
    year = local.year - (local.date() < new_year(local.year).loeung_sak)
    return _SAK[(year - LESSER_ERA) % len(_SAK)]


def khmer_date(moment: datetime) -> str:
    """Write day, month and year of the common era in Khmer, as letters have them."""
    local = moment.astimezone(CAMBODIA)
    return (
        f"ថ្ងៃទី{khmer_digits(f'{local.day:02}')} ខែ{_MONTHS[local.month - 1]} "
        f"ឆ្នាំ{khmer_digits(local.year)} ម៉ោង {khmer_digits(f'{local:%H:%M}')}"
    )


def english_date(moment: datetime) -> str:
    """Write the date in English, with the offset, so that no reader takes it for UTC."""
    local = moment.astimezone(CAMBODIA)
    return f"{local.day} {_ENGLISH_MONTHS[local.month - 1]} {local.year}, {local:%H:%M} (UTC+07:00)"
