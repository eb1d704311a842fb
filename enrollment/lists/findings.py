"""What can be found in a row, how bad it is, and what it is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.web.languages import translatable


class Severity(StrEnum):
    """An error rejects its row; a proposal waits for an officer's yes; a note is for the eyes."""

    ERROR = "error"
    PROPOSAL = "proposal"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """What was found in a cell, or in a whole row where ``column`` is empty.

    ``was`` is the cell as it stands in the file, ``proposed`` what it would become.
    """

    code: str
    column: str = ""
    was: str = ""
    proposed: str = ""

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return FINDINGS[self.code][0]

    @property
    def text(self) -> str:
        """What it means, in English; the pages translate it."""
        return FINDINGS[self.code][1]


_E, _P, _N = Severity.ERROR, Severity.PROPOSAL, Severity.NOTE
FINDINGS: Mapping[str, tuple[Severity, str]] = {
    "formula": (_E, translatable("The cell holds a formula. Put the value itself there.")),
    "fault": (_E, translatable("The spreadsheet shows an error in this cell.")),
    "control-characters": (_E, translatable("The cell holds characters that cannot be seen.")),
    "too-long": (_E, translatable("The cell holds more than fits there.")),
    "extra-cells": (_E, translatable("The row has more cells than there are columns.")),
    "name-missing": (_E, translatable("There is no name, neither in Khmer nor in Latin letters.")),
    "name-unreadable": (_E, translatable("A name has letters, spaces, hyphens and apostrophes.")),
    "wrong-script": (_E, translatable("The text is not in the script of its column.")),
    "limon-unreadable": (
        _E,
        translatable(
            "This looks like text in a Limon font and cannot be converted. Type it in Unicode."
        ),
    ),
    "key-missing": (
        _E,
        translatable("There is neither a staff number nor the number of an identity document."),
    ),
    "staff-number-unreadable": (
        _E,
        translatable("A staff number has at most 32 letters, digits, hyphens and slashes."),
    ),
    "sex-unreadable": (_E, translatable("The sex cannot be read. Write F or M, or ស or ប.")),
    "nationality-unreadable": (
        _E,
        translatable("The nationality cannot be read. Write two letters, such as KH."),
    ),
    "date-unreadable": (_E, translatable("The date cannot be read. Write day/month/year.")),
    "date-impossible": (_E, translatable("There is no such day.")),
    "date-in-future": (_E, translatable("The date of birth lies in the future.")),
    "too-young": (_E, translatable("The person is under age.")),
    "too-old": (_E, translatable("Nobody is that old; look at the year.")),
    "national-id-unreadable": (_E, translatable("A national ID number has nine digits.")),
    "document-unreadable": (
        _E,
        translatable("The number of the document has 5 to 20 letters and digits."),
    ),
    "mail-unreadable": (_E, translatable("This is no mail address.")),
    "mail-outside": (
        _E,
        translatable("The mail address is not under a mail domain of the institution."),
    ),
    "duplicate-staff-number": (_E, translatable("An earlier row has the same staff number.")),
    "duplicate-person": (_E, translatable("An earlier row has the same identity document.")),
    "duplicate-mail": (_E, translatable("An earlier row has the same mail address.")),
    "person-refused": (_E, translatable("The person cannot be taken up with these values.")),
    "mail-taken": (_E, translatable("Somebody else uses this mail address already.")),
    "other-person": (
        _E,
        translatable(
            "The staff number belongs to somebody with another national ID or date of birth."
        ),
    ),
    "two-people": (
        _E,
        translatable("The numbers in this row belong to two different people that are known."),
    ),
    "differs-elsewhere": (
        _E,
        translatable(
            "Another institution lists this identity document with another name or date of birth."
        ),
    ),
    "leading-zero": (_P, translatable("The spreadsheet took leading zeros away.")),
    "excel-serial": (_P, translatable("This is a day as spreadsheets count it.")),
    "month-first": (_P, translatable("The month stands before the day.")),
    "date-ambiguous": (
        _P,
        translatable("Other dates of this list begin with the month; this may be either."),
    ),
    "buddhist-year": (_P, translatable("The year is counted in the Buddhist era.")),
    "two-digit-year": (_P, translatable("The year has two digits.")),
    "limon": (_P, translatable("The text is in a Limon font and becomes Unicode.")),
    "khmer-order": (_P, translatable("The letters stand in an order that computers read wrongly.")),
    "name-split": (_P, translatable("The first word is taken for the surname.")),
    "zero-width": (_N, translatable("Invisible spaces were taken out.")),
    "khmer-digits": (_N, translatable("Khmer digits were read as 0 to 9.")),
    "excel-date": (_N, translatable("The spreadsheet holds it as a date.")),
    "document-expired": (_N, translatable("The identity document has expired.")),
    "also-elsewhere": (_N, translatable("Another institution lists this person as well.")),
}
