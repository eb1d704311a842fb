"""Text in Limon fonts. Its pairs were checked with two converters of other people."""

from __future__ import annotations

import pytest

from enrollment.lists.limon import from_limon, likeness

PAIRS = {
    "sux": "សុខ",
    "can;": "ចាន់",
    "dar:a": "ដារ៉ា",
    "vNÑa": "វណ្ណា",
    "vNÑ³": "វណ្ណៈ",
    "rdæ": "រដ្ឋ",
    "RsI": "ស្រី",
    "b‘un": "ប៊ុន",
    "buin": "ប៉ិន",
    "suIfa": "ស៊ីថា",
    "suP½Rk": "សុភ័ក្រ",
    "ekIt": "កើត",
    "ePaK": "ភោគ",
    "esA": "សៅ",
    "eQOn": "ឈឿន",
    "eTob": "ទៀប",
    "éfø": "ថ្លៃ",
    "ElgsuvNÑ": "លែងសុវណ្ណ",
    "ekSm": "ក្សេម",
    "sMGat": "សំអាត",
    "vUc": "វូច",
    "yYn": "យួន",
    "Fm’": "ធម៌",
    "KwmsuxXag": "គឹមសុខឃាង",
    "rsµI": "រស្មី",
    "Etm": "តែម",
    "]tþm": "ឧត្តម",
    "éf¶ExqñaMkMeNIt": "ថ្ងៃខែឆ្នាំកំណើត",
}


@pytest.mark.parametrize(("limon", "khmer"), PAIRS.items())
def test_common_letters_become_unicode(limon: str, khmer: str) -> None:
    assert from_limon(limon) == khmer


@pytest.mark.parametrize("limon", sorted(set(PAIRS) - {"Etm"}))
def test_it_is_known_by_its_letters(limon: str) -> None:
    assert likeness(limon) >= 0.5


@pytest.mark.parametrize("name", ["Dara", "DARA", "Sok Dara", "CHAN Sophea", "Jean-Luc", "O'Neil"])
def test_names_in_latin_letters_are_not_like_it(name: str) -> None:
    assert likeness(name) == 0


@pytest.mark.parametrize(
    "text", ["", "e", "ke", "aaa", "kaI", ";k", "R", "k1", "k k\u0007", "k@", "eeek"]
)
def test_what_has_no_reading_is_not_guessed(text: str) -> None:
    assert from_limon(text) is None
