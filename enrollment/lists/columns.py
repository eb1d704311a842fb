"""The columns of a list, as ``columns.toml`` names them, and where they stand in a file."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import Field, ValidationError, field_validator, model_validator

from core.settings import Section, SettingsRefused
from enrollment.lists.errors import ListColumnsMissing

DEFINITIONS = Path(__file__).parent / "columns.toml"
COLUMNS = (
    "staff_number",
    "surname_km",
    "given_name_km",
    "full_name_km",
    "surname_latin",
    "given_name_latin",
    "full_name_latin",
    "sex",
    "date_of_birth",
    "nationality",
    "national_id",
    "national_id_until",
    "passport",
    "passport_until",
    "residence_card",
    "residence_card_until",
    "official_mail",
    "title_km",
    "title_latin",
    "unit",
)
NAMES = tuple(one for one in COLUMNS if "name_" in one)
# Khmer text belongs into these; elsewhere Latin letters are expected.
KHMER = tuple(one for one in COLUMNS if one.endswith("_km"))
# By one of these a person is found again.
KEYS = ("staff_number", "national_id", "passport", "residence_card")
# So many columns by name make a row the row of column names.
FEWEST_NAMED = 3


class _Limits(Section):
    minimum_age_years: int = Field(ge=14, le=60)
    maximum_age_years: int = Field(ge=60, le=130)


class ListDefinition(Section):
    """What ``columns.toml`` says, validated: no name stands for two things."""

    cp_section: str
    columns: dict[str, tuple[str, ...]]
    sex: dict[str, tuple[str, ...]]
    nationality: dict[str, tuple[str, ...]]
    limits: _Limits

    @field_validator("columns")
    @classmethod
    def _check_columns(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if unknown := sorted(set(value) - set(COLUMNS)):
            raise ValueError(f"there is no column {unknown[0]}")
        if missing := sorted(set(COLUMNS) - set(value)):
            raise ValueError(f"the column {missing[0]} has no names")
        return value

    @model_validator(mode="after")
    def _check_names(self) -> ListDefinition:
        for table in (self.columns, self.sex, self.nationality):
            _by_name(table)
        return self

    def column_named(self, header: str) -> str | None:
        """Return the column that a header stands for, or None."""
        return self._columns_by_name.get(folded(header))

    def sex_of(self, word: str) -> str | None:
        """Return F or M for what a cell says, or None."""
        return self._sexes_by_name.get(folded(word))

    def nationality_of(self, word: str) -> str | None:
        """Return two letters (ISO 3166-1) for what a cell says, or None."""
        known = self._nationalities_by_name.get(folded(word))
        if known is not None:
            return known
        return word.upper() if re.fullmatch(r"[A-Za-z]{2}", word) else None

    @cached_property
    def _columns_by_name(self) -> Mapping[str, str]:
        # By their own names too: a file of rejects is put right and uploaded again.
        return {folded(one): one for one in COLUMNS} | _by_name(self.columns)

    @cached_property
    def _sexes_by_name(self) -> Mapping[str, str]:
        return _by_name(self.sex)

    @cached_property
    def _nationalities_by_name(self) -> Mapping[str, str]:
        return _by_name(self.nationality)


@dataclass(frozen=True)
class Layout:
    """Where the columns of one file stand: each known column's place, and what is ignored."""

    header_row: int
    places: Mapping[str, int]
    ignored: tuple[str, ...]


def load_definition(path: Path = DEFINITIONS) -> ListDefinition:
    """Read the definition of lists. Raises SettingsRefused, naming file, key and reason."""
    try:
        return ListDefinition.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"{path}: cannot be read as TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise SettingsRefused(f"{path}: {key}: {first['msg']}") from error


def find_layout(
    definition: ListDefinition, rows: Iterable[tuple[int, Sequence[str]]]
) -> Layout | None:
    """Return the layout of the first row that names columns, or None.

    Raises ListColumnsMissing where a column stands twice or one that is needed is not there.
    """
    for number, cells in rows:
        named = [definition.column_named(cell) for cell in cells]
        if len(set(named) - {None}) >= FEWEST_NAMED:
            return _layout(number, cells, named)
    return None


def folded(name: str) -> str:
    """Return a name as names are compared: without case, spaces, marks of punctuation."""
    return "".join(
        one
        for one in unicodedata.normalize("NFC", name).casefold()
        # Khmer vowels and coeng are marks (Mn, Mc): \W would take them away.
        if unicodedata.category(one)[0] in "LMN"
    )


def _layout(number: int, cells: Sequence[str], named: Sequence[str | None]) -> Layout:
    places: dict[str, int] = {}
    for place, column in enumerate(named):
        if column is None:
            continue
        if column in places:
            raise ListColumnsMissing(
                f"Columns {places[column] + 1} and {place + 1} both stand for {column}; "
                "name one of them differently.",
                column=column,
            )
        places[column] = place
    if not set(NAMES) & set(places):
        raise ListColumnsMissing("No column holds names.", needs=list(NAMES))
    if not set(KEYS) & set(places):
        raise ListColumnsMissing(
            "No column holds a staff number or the number of an identity document.",
            needs=list(KEYS),
        )
    ignored = tuple(
        cell[:64]
        for cell, column in zip(cells, named, strict=True)
        if column is None and cell.strip()
    )
    return Layout(number, places, ignored)


def _by_name(table: Mapping[str, Sequence[str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for meaning, names in table.items():
        for name in names:
            key = folded(name)
            if not key or found.setdefault(key, meaning) != meaning:
                raise ValueError(f"{name!r} stands for {found.get(key)} and for {meaning}")
    return found
