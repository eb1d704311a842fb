"""The lunar calendar against days that were published: holidays, and dates of letters."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from signing.documents.dates.lunar import DateOutsideCalendar, LunarDay, Month, lunar_day
from signing.documents.dates.new_year import CAMBODIA, new_year
from signing.documents.dates.written import (
    animal,
    english_date,
    khmer_date,
    lunar_line,
    sak,
)

# Full moon of Pisak (Visak Bochea), by the sub-decrees on public holidays of each year.
VISAK_BOCHEA = [
    date(2008, 5, 19),
    date(2011, 5, 17),
    date(2013, 5, 24),
    date(2016, 5, 20),
    date(2017, 5, 10),
    date(2018, 4, 29),
    date(2019, 5, 18),
    date(2020, 5, 6),
    date(2021, 4, 26),
    date(2022, 5, 15),
    date(2023, 5, 4),
    date(2024, 5, 22),
    date(2025, 5, 11),
    date(2026, 5, 1),
]
MEAK_BOCHEA = [
    date(2011, 2, 18),
    date(2016, 2, 22),
    date(2017, 2, 11),
    date(2018, 1, 31),
    date(2019, 2, 19),
]
# Pchum Ben: the new moon of Photrabot, the middle one of its three days.
PCHUM_BEN = [
    date(2011, 9, 27),
    date(2018, 10, 9),
    date(2019, 9, 28),
    date(2020, 9, 17),
    date(2021, 10, 6),
    date(2022, 9, 25),
    date(2023, 10, 14),
    date(2024, 10, 2),
    date(2025, 9, 22),
    date(2026, 10, 11),
]
# The Water Festival: the full moon of Kadek, the middle one of its three days.
WATER_FESTIVAL = [
    date(2011, 11, 10),
    date(2019, 11, 11),
    date(2022, 11, 8),
    date(2023, 11, 27),
    date(2024, 11, 15),
    date(2025, 11, 5),
]
# The Royal Ploughing: the fourth waning day of Pisak.
ROYAL_PLOUGHING = [
    date(2011, 5, 21),
    date(2019, 5, 22),
    date(2020, 5, 10),
    date(2021, 4, 30),
    date(2022, 5, 19),
    date(2023, 5, 8),
    date(2024, 5, 26),
    date(2025, 5, 15),
]
MOHA_SANGKRAN = {
    2010: (14, 7, 36),
    2011: (14, 13, 12),
    2016: (13, 20, 0),
    2017: (14, 3, 12),
    2018: (14, 9, 12),
    2019: (14, 15, 12),
    2020: (13, 20, 48),
    2021: (14, 4, 0),
    2022: (14, 10, 0),
    2023: (14, 16, 0),
    2024: (13, 22, 17),
    2025: (14, 4, 48),
}


def in_cambodia(*values: int) -> datetime:
    return datetime(*values, tzinfo=CAMBODIA)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize("day", VISAK_BOCHEA, ids=str)
def test_visak_bochea_is_the_full_moon_of_pisak(day: date) -> None:
    assert lunar_day(day) == LunarDay(Month.PISAK, 15, True, day.year + 543)


@pytest.mark.parametrize("day", VISAK_BOCHEA, ids=str)
def test_the_buddhist_year_changes_on_the_day_after_visak_bochea(day: date) -> None:
    after = lunar_day(day + timedelta(days=1))
    assert after == LunarDay(Month.PISAK, 1, False, day.year + 544)


@pytest.mark.parametrize("day", MEAK_BOCHEA, ids=str)
def test_meak_bochea_is_the_full_moon_of_meak(day: date) -> None:
    assert lunar_day(day) == LunarDay(Month.MEAK, 15, True, day.year + 543)


@pytest.mark.parametrize("day", PCHUM_BEN, ids=str)
def test_pchum_ben_is_the_last_waning_day_of_photrabot(day: date) -> None:
    assert lunar_day(day) == LunarDay(Month.PHOTRABOT, 15, False, day.year + 544)


@pytest.mark.parametrize("day", WATER_FESTIVAL, ids=str)
def test_the_water_festival_is_the_full_moon_of_kadek(day: date) -> None:
    assert lunar_day(day) == LunarDay(Month.KADEK, 15, True, day.year + 544)


@pytest.mark.parametrize("day", ROYAL_PLOUGHING, ids=str)
def test_the_royal_ploughing_is_on_the_fourth_waning_day_of_pisak(day: date) -> None:
    assert lunar_day(day) == LunarDay(Month.PISAK, 4, False, day.year + 544)


def test_days_follow_each_other_without_a_gap_for_three_centuries() -> None:
    lengths = set()
    first, previous = date(1900, 1, 1), lunar_day(date(1900, 1, 1))
    for number in range(1, 109_000):
        today = lunar_day(first + timedelta(days=number))
        if today.day == previous.day + 1:
            assert today.month == previous.month
            assert today.is_waxing == previous.is_waxing
        elif today.is_waxing:
            assert today.day == 1
            assert previous.month != today.month
            lengths.add(15 + previous.day)
        else:
            assert (today.day, previous.day, today.month) == (1, 15, previous.month)
        previous = today
    assert lengths == {29, 30}


@pytest.mark.parametrize("day", [date(1899, 12, 31), date(2300, 1, 1)])
def test_a_day_outside_the_reckoned_years_is_refused_with_them(day: date) -> None:
    with pytest.raises(DateOutsideCalendar, match="from 1900-01-01 on"):
        lunar_day(day)


@pytest.mark.parametrize("year", MOHA_SANGKRAN)
def test_moha_sangkran_comes_when_it_was_announced(year: int) -> None:
    day, hour, minute = MOHA_SANGKRAN[year]
    assert new_year(year).moha_sangkran == in_cambodia(year, 4, day, hour, minute)


@pytest.mark.parametrize("year", range(2008, 2030))
def test_the_sak_rises_two_or_three_days_after_moha_sangkran(year: int) -> None:
    found = new_year(year)
    assert (found.loeung_sak - found.moha_sangkran.date()).days in {2, 3}


def test_four_days_of_new_year_come_when_they_were_celebrated() -> None:
    long = [
        year
        for year in range(2013, 2027)
        if (new_year(year).loeung_sak - new_year(year).moha_sangkran.date()).days == 3
    ]
    assert long == [2016, 2020, 2024]


def test_the_animal_changes_at_the_minute_and_the_sak_when_it_rises() -> None:
    assert animal(in_cambodia(2024, 4, 13, 22, 16)) == "ថោះ"
    assert animal(in_cambodia(2024, 4, 13, 22, 17)) == "រោង"
    assert sak(in_cambodia(2024, 4, 15, 23, 59)) == "បញ្ចស័ក"
    assert sak(in_cambodia(2024, 4, 16, 0, 0)) == "ឆស័ក"


@pytest.mark.parametrize(
    ("moment", "line"),
    [
        # The day on which the Throne Council chose the King, as his office writes it.
        (
            in_cambodia(2004, 10, 14, 9),
            "ថ្ងៃព្រហស្បតិ៍ ១កើត ខែអស្សុជ ឆ្នាំវក ឆស័ក ព.ស. ២៥៤៨",
        ),
        (
            in_cambodia(2018, 12, 15, 14),
            "ថ្ងៃសៅរ៍ ៨កើត ខែមិគសិរ ឆ្នាំច សំរឹទ្ធិស័ក ព.ស. ២៥៦២",
        ),
        (
            in_cambodia(2024, 4, 14, 0),
            "ថ្ងៃអាទិត្យ ៦កើត ខែចេត្រ ឆ្នាំរោង បញ្ចស័ក ព.ស. ២៥៦៧",
        ),
        (
            in_cambodia(2025, 1, 8, 12),
            "ថ្ងៃពុធ ១០កើត ខែបុស្ស ឆ្នាំរោង ឆស័ក ព.ស. ២៥៦៨",
        ),
    ],
)
def test_the_lunar_line_is_written_as_letters_have_it(moment: datetime, line: str) -> None:
    assert lunar_line(moment) == line


def test_the_day_is_cambodias_and_not_that_of_greenwich() -> None:
    evening = datetime(2024, 12, 31, 17, 30, tzinfo=UTC)
    assert english_date(evening) == "1 January 2025, 00:30 (UTC+07:00)"
    assert khmer_date(evening) == "ថ្ងៃទី០១ ខែមករា ឆ្នាំ២០២៥ ម៉ោង ០០:៣០"
    assert lunar_line(evening).startswith("ថ្ងៃពុធ")


def test_a_leap_year_of_either_kind_has_its_month_or_its_day() -> None:
    assert lunar_day(date(2023, 8, 1)).month is Month.SECOND_ASADH
    # 2025 has a leap day: thirty days of Jesth, from 27 May to 25 June.
    assert lunar_day(date(2025, 6, 25)) == LunarDay(Month.JESTH, 15, False, 2569)
