"""What a list says, row by row, and what is wrong with it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from core.settings import SettingsRefused
from enrollment.lists.columns import DEFINITIONS, NAMES, load_definition
from enrollment.lists.errors import ListColumnsMissing, ListTooLarge, ListUnreadable
from enrollment.lists.findings import FINDINGS, Severity
from enrollment.lists.reader import ListLimits
from tests.enrollment.lists.files import (
    DARA,
    HEADER,
    codes,
    csv_of,
    one_cell,
    person,
    proposed,
    read,
    xlsx_of,
)


def test_a_good_row_has_values_and_no_findings() -> None:
    (row,) = read(csv_of(DARA))
    assert row.findings == ()
    assert row.values == {
        "staff_number": "0012",
        "surname_km": "សុខ",
        "given_name_km": "ដារ៉ា",
        "surname_latin": "SOK",
        "given_name_latin": "Dara",
        "sex": "M",
        "date_of_birth": "1980-12-31",
        "national_id": "012345678",
        "official_mail": "dara@moi.example",
    }


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_separators_and_the_mark_of_utf_8_are_found(separator: str, mark: bytes) -> None:
    (row,) = read(mark + csv_of(DARA, separator=separator))
    assert row.findings == ()
    assert row.number == 2


def test_columns_are_known_by_khmer_names_and_below_a_title() -> None:
    header = ("ល.រ", "អត្តលេខមន្ត្រីរាជការ", "គោត្តនាម និងនាម", "ភេទ", "ថ្ងៃខែឆ្នាំកំណើត", "លេខអត្តសញ្ញាណប័ណ្ណ")
    table = [
        ["ក្រសួងមហាផ្ទៃ", "", "", "", "", ""],
        ["", "", "", "", "", ""],
        list(header),
        ["១", "០០១២", "សុខ ដារ៉ា", "ប្រុស", "៣១/១២/១៩៨០", "០១២៣៤៥៦៧៨"],
    ]
    (row,) = read("\n".join(",".join(one) for one in table).encode())
    assert row.number == 4
    assert row.values == {
        "staff_number": "0012",
        "surname_km": "សុខ",
        "given_name_km": "ដារ៉ា",
        "sex": "M",
        "date_of_birth": "1980-12-31",
        "national_id": "012345678",
    }
    assert codes(row) == ["khmer-digits", "khmer-digits", "name-split"]


def test_what_is_in_columns_that_nobody_needs_is_not_kept() -> None:
    (row,) = read(csv_of((*DARA, "has diabetes"), header=(*HEADER, "Remarks")))
    assert row.findings == ()
    assert "has diabetes" not in (*row.cells.values(), *row.values.values())


@pytest.mark.parametrize("single", NAMES)
def test_a_single_name_is_a_name(single: str) -> None:
    text = "សុខ" if single.endswith("km") else "Sok"
    header = ("Staff number", "Sex", single.replace("_", " "), "Date of birth")
    titles = {
        "surname_km": "Surname (Khmer)",
        "given_name_km": "Given name (Khmer)",
        "full_name_km": "Full name (Khmer)",
        "surname_latin": "Surname",
        "given_name_latin": "Given name",
        "full_name_latin": "Full name",
    }
    (row,) = read(csv_of(("1", "M", text, "1980"), header=(*header[:2], titles[single], header[3])))
    assert row.findings == ()
    assert row.values["date_of_birth"] == "1980"


def test_nobody_without_a_name_or_a_number() -> None:
    nameless = ("0012", "", "", "", "", *DARA[5:])
    numberless = ("", *DARA[1:7], "", DARA[8])
    rows = read(csv_of(nameless, numberless))
    assert codes(rows[0]) == ["name-missing"]
    assert codes(rows[1]) == ["duplicate-mail", "key-missing"][::-1]


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("31/12/1980", "1980-12-31"),
        ("1-2-1980", "1980-02-01"),
        ("31.12.1980", "1980-12-31"),
        ("1980-12-31", "1980-12-31"),
        ("1980-12-31 00:00:00", "1980-12-31"),
        ("៣១/១២/១៩៨០", "1980-12-31"),
        ("ថ្ងៃទី៣១ ខែធ្នូ ឆ្នាំ១៩៨០", "1980-12-31"),
        ("31-Dec-1980", "1980-12-31"),
        ("31 December 1980", "1980-12-31"),
        ("12/1980", "1980-12"),
        ("1980", "1980"),
    ],
)
def test_days_are_read_as_they_are_written(typed: str, value: str) -> None:
    row = one_cell("Date of birth", typed)
    assert row.values["date_of_birth"] == value
    assert codes(row) == []


@pytest.mark.parametrize(
    ("typed", "code", "value"),
    [
        ("12/31/1980", "month-first", "1980-12-31"),
        ("29586", "excel-serial", "1980-12-31"),
        ("31/12/80", "two-digit-year", "1980-12-31"),
        ("31/12/2523", "buddhist-year", "1980-12-31"),
    ],
)
def test_days_that_need_a_yes_are_proposed(typed: str, code: str, value: str) -> None:
    row = one_cell("Date of birth", typed)
    assert proposed(row) == [(code, typed, value)]
    assert row.values["date_of_birth"] == value


def test_a_day_is_in_doubt_only_where_others_begin_with_the_month() -> None:
    assert codes(one_cell("Date of birth", "03/04/1980", "31/12/1980")) == []
    doubtful = one_cell("Date of birth", "03/04/1980", "12/31/1980")
    assert proposed(doubtful) == [("date-ambiguous", "03/04/1980", "1980-04-03")]
    assert codes(one_cell("Date of birth", "04/04/1980", "12/31/1980")) == []


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("31/02/1980", "date-impossible"),
        ("13/13/1980", "date-impossible"),
        ("13/1980", "date-impossible"),
        ("yesterday", "date-unreadable"),
        ("31/12/1780", "date-impossible"),
        ("31/12/2030", "date-in-future"),
        ("24/11/2008", "too-young"),
        ("2009", "too-young"),
        ("31/12/1920", "too-old"),
    ],
)
def test_impossible_days_are_errors(typed: str, code: str) -> None:
    row = one_cell("Date of birth", typed)
    assert codes(row) == [code]
    assert row.is_rejected


def test_whoever_is_of_age_today_is_of_age() -> None:
    assert codes(one_cell("Date of birth", "23/11/2008")) == []


@pytest.mark.parametrize(
    ("typed", "codes_found", "value"),
    [
        ("012345678", [], "012345678"),
        ("012 345 678", [], "012345678"),
        ("012345678(01)", [], "012345678"),
        ("០១២៣៤៥៦៧៨", ["khmer-digits"], "012345678"),
        ("12345678", ["leading-zero"], "012345678"),
        ("1234567", ["leading-zero"], "001234567"),
        ("12345", ["national-id-unreadable"], None),
        ("1234567890", ["national-id-unreadable"], None),
        ("1.23457E+08", ["national-id-unreadable"], None),
    ],
)
def test_a_national_id_has_nine_digits(
    typed: str, codes_found: list[str], value: str | None
) -> None:
    row = one_cell("National ID", typed)
    assert codes(row) == codes_found
    assert row.values.get("national_id") == value


def test_a_staff_number_that_lost_its_zeros_is_known_by_the_others() -> None:
    assert proposed(one_cell("Staff number", "12", "0001", "0999")) == [
        ("leading-zero", "12", "0012")
    ]
    assert codes(one_cell("Staff number", "12", "0001", "099")) == []
    assert codes(one_cell("Staff number", "12345", "0001")) == []


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("dara@gmail.example", "mail-outside"),
        ("dara@notmoi.example", "mail-outside"),
        ("dara@moi.example.evil.example", "mail-outside"),
        ("dara", "mail-unreadable"),
        ("dara@@moi.example", "mail-unreadable"),
        ("dara @moi.example", "mail-unreadable"),
        (f"{'d' * 65}@moi.example", "mail-unreadable"),
    ],
)
def test_official_mail_lies_under_the_institutions_domains(typed: str, code: str) -> None:
    assert codes(one_cell("Official mail", typed)) == [code]


def test_official_mail_below_a_domain_of_the_institution_is_good() -> None:
    row = one_cell("Official mail", "Dara@Province.MOI.example")
    assert row.values["official_mail"] == "dara@province.moi.example"
    assert codes(row) == []


def test_who_stands_twice_is_an_error_the_second_time() -> None:
    same_number = ("0012", *person(1)[1:])
    same_card = (*person(2)[:7], "012345678", person(2)[8])
    same_mail = (*person(3)[:8], "DARA@moi.example")
    rows = read(csv_of(DARA, same_number, same_card, same_mail))
    assert [codes(row) for row in rows] == [
        [],
        ["duplicate-staff-number"],
        ["duplicate-person"],
        ["duplicate-mail"],
    ]


@pytest.mark.parametrize(
    ("column", "typed", "code"),
    [
        ("Surname (Khmer)", "Sok", "wrong-script"),
        ("Surname (Khmer)", "សុខ Sok", "wrong-script"),
        ("Surname", "សុខ", "wrong-script"),
        ("Surname", "S0k", "name-unreadable"),
        ("Surname", "=cmd|'/C calc'!A0", "name-unreadable"),
        ("Surname", "<script>", "name-unreadable"),
        ("Surname (Khmer)", "១២៣", "wrong-script"),
        ("Surname", "S" * 65, "too-long"),
        ("Surname", "S" * 5_000, "too-long"),
        ("Surname", "So\u0007k", "control-characters"),
        ("Surname", "\u202eSok", "control-characters"),
        ("Sex", "?", "sex-unreadable"),
    ],
)
def test_a_cell_that_cannot_be_taken_names_what_is_wrong(
    column: str, typed: str, code: str
) -> None:
    row = one_cell(column, typed)
    assert codes(row) == [code]
    assert row.is_rejected


def test_invisible_spaces_and_letters_out_of_order_are_put_right() -> None:
    row = one_cell("Surname (Khmer)", "ស្រ្តី\u200b")
    assert row.values["surname_km"] == "ស្ត្រី"
    assert codes(row) == ["zero-width", "khmer-order"]
    assert row.is_proposed and not row.is_rejected
    twin = one_cell("Surname (Khmer)", "ស្ត្រី")
    assert twin.values == row.values
    assert codes(twin) == []


def test_a_whole_column_in_limon_is_proposed_in_unicode() -> None:
    row = one_cell("Given name (Khmer)", "dara", "sux", "can;", "b‘un")
    assert proposed(row) == [("limon", "dara", "ដារា")]
    unreadable = one_cell("Given name (Khmer)", "can;;;", "sux")
    assert codes(unreadable) == ["limon-unreadable"]


def test_a_latin_name_in_a_khmer_column_is_not_taken_for_limon() -> None:
    for name in ("Dara", "DARA", "Sok Dara", "O'Neil"):
        row = one_cell("Given name (Khmer)", name)
        assert codes(row) == ["wrong-script"]


def test_a_workbook_is_read_with_its_dates_numbers_formulas_and_faults() -> None:
    rows = read(
        xlsx_of(
            ("0012", "សុខ", "ដារ៉ា", "SOK", "Dara", "M", date(1980, 12, 31), 12345678, None),
            (
                13,
                "សុខ",
                None,
                None,
                None,
                "F",
                datetime(1981, 1, 1, 8, 0),  # noqa: DTZ001 - as Excel has it
                112345678.0,
                None,
            ),
            ("=A2", "សុខ", "ដា", "SOK", "Da", "M", 29586, "#REF!", "=HYPERLINK(1)"),
        )
    )
    assert codes(rows[0]) == ["excel-date", "leading-zero"]
    assert rows[0].values["date_of_birth"] == "1980-12-31"
    assert rows[0].values["national_id"] == "012345678"
    assert codes(rows[1]) == ["leading-zero", "excel-date"]
    assert rows[1].values["national_id"] == "112345678"
    assert sorted(codes(rows[2])) == sorted(["formula", "excel-serial", "fault", "formula"])
    assert rows[2].cells["staff_number"] == "=A2"


def test_a_row_with_more_cells_than_columns_is_an_error() -> None:
    (row,) = read(csv_of((*DARA, "", "moved?")))
    assert codes(row) == ["extra-cells"]
    (short,) = read(csv_of(DARA[:8]))
    assert codes(short) == []


def test_a_list_without_its_columns_is_refused_with_their_names() -> None:
    with pytest.raises(ListColumnsMissing, match="None of the first"):
        read(csv_of(DARA, header=tuple("abcdefghi")))
    with pytest.raises(ListColumnsMissing, match="both stand for sex"):
        read(csv_of((*DARA, "M"), header=(*HEADER, "Gender")))
    with pytest.raises(ListColumnsMissing, match="names"):
        read(csv_of(("1", "M", "1980"), header=("Staff number", "Sex", "Date of birth")))
    with pytest.raises(ListColumnsMissing, match="staff number"):
        read(csv_of(("Sok", "M", "1980"), header=("Surname", "Sex", "Date of birth")))


@pytest.mark.parametrize(
    ("octets", "word"),
    [
        ("Staff number,Surname\n1,Sok".encode("utf-16"), "UTF-16"),
        (b"Staff number,Surname,Given name\n1,S\xf6k,D", "UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "old kind"),
        (b"%PDF-1.7", "PDF"),
        (b"Staff number,Surname,Given name\n1,\0,D", "no text"),
        (b'Staff number,Surname,Given name\n1,"Sok,D', "quotation"),
        (b"Staff number,Surname,Given name\n", "nobody"),
        (b"PK\x03\x04 and no more", "damaged"),
        (b"", "None of the first"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_what_to_do(octets: bytes, word: str) -> None:
    with pytest.raises((ListUnreadable, ListColumnsMissing), match=word):
        read(octets)


def test_a_list_has_an_end() -> None:
    with pytest.raises(ListTooLarge, match="at most 1000 rows"):
        read(csv_of(*map(person, range(1_001))))
    with pytest.raises(ListTooLarge, match="MiB"):
        read(bytes(1024 * 1024 + 1))
    with pytest.raises(ListTooLarge, match="columns"):
        read(csv_of(("1",) * 100_000))
    assert len(read(csv_of(*map(person, range(1_000))))) == 1_000
    assert len(read(csv_of(*map(person, range(3))), ListLimits(octets=1_000, rows=3))) == 3


def test_each_finding_has_a_severity_and_a_sentence() -> None:
    for severity, text in FINDINGS.values():
        assert severity in set(Severity)
        assert text.endswith(".")


def test_a_mistake_in_the_definition_names_file_key_and_reason(tmp_path: Path) -> None:
    good = DEFINITIONS.read_text("utf-8")
    path = tmp_path / "columns.toml"
    for change, word in {
        'unit = ["Unit"': 'unit = ["Surname", "Unit"',
        "minimum_age_years = 18": "minimum_age_years = 3",
        "unit = [": "units = [",
    }.items():
        path.write_text(good.replace(change, word, 1), "utf-8")
        with pytest.raises(SettingsRefused, match=r"columns\.toml: "):
            load_definition(path)
