"""Country codes of two and of three letters, compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources


def are_two_countries(one: str | None, other: str | None) -> bool:
    """Tell whether two codes are known to be of different countries (ISO 3166-1).

    What is no country's code, such as ICAO's for organizations, says nothing.
    """
    known, also = _two_letters(one), _two_letters(other)
    return known is not None and also is not None and known != also


def are_one_country(one: str | None, other: str | None) -> bool:
    """Tell whether two codes are known to be of the same country."""
    known = _two_letters(one)
    return known is not None and known == _two_letters(other)


def alpha_2(code: str) -> str | None:
    """Return the two letters of a country, given by two or three; None for no country."""
    return _two_letters(code)


def _two_letters(code: str | None) -> str | None:
    if code is None:
        return None
    codes, short = _codes()
    # Some authorities write their country in small letters.
    upper = code.upper()
    return codes.get(upper) or (upper if upper in short else None)


@cache
def _codes() -> tuple[Mapping[str, str], frozenset[str]]:
    text = resources.files(__package__).joinpath("countries.json").read_text("utf-8")
    found: Mapping[str, str] = json.loads(text)["codes"]
    return found, frozenset(found.values())
