"""Numbers that name a person: staff number, national ID, passport, residence card; and mail."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from core.digits import ascii_digits
from enrollment.lists.cells import Cell
from enrollment.lists.findings import Finding

# FACTS of the card: nine digits, a string that may begin with zeros; newer ones print a check
# in brackets behind it.
NATIONAL_ID_DIGITS = 9
# Fewer would mean that three zeros were lost, which nobody checks any more by looking.
FEWEST_ID_DIGITS = 6
_CARD_SUFFIX = re.compile(r"\(\d{1,2}\)$")
_BETWEEN = re.compile(r"[ .\-]")
# ICAO Doc 9303 part 3: letters and digits; the machine-readable zone has room for 9, others more.
_DOCUMENT = re.compile(r"[A-Z0-9]{5,20}")
_STAFF_NUMBER = re.compile(r"[A-Za-z0-9\u1780-\u17b3][A-Za-z0-9\u1780-\u17d3./\-]{0,31}")
# RFC 5321, Section 4.5.3.1, without quoted local parts, which no ministry has.
_MAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~\-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~\-]+)*"
    r"@([a-z0-9]([a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
)


@dataclass
class Read:
    """A value, None when there is none that can be read, and what was found."""

    value: str | None
    findings: list[Finding] = field(default_factory=list)


@dataclass
class NumberHabits:
    """How long the staff numbers of a list are that begin with a zero; 0 where it varies."""

    lengths: set[int] = field(default_factory=set)

    def learn(self, text: str) -> None:
        """Look at one cell."""
        plain = ascii_digits(text).strip()
        if plain.startswith("0") and plain.isdigit():
            self.lengths.add(len(plain))

    @property
    def length(self) -> int:
        """The one length of numbers with a zero in front."""
        return next(iter(self.lengths)) if len(self.lengths) == 1 else 0


def read_staff_number(cell: Cell, habits: NumberHabits) -> Read:
    """Read a staff number; where others have zeros in front, a short one has lost them."""
    text, findings = _ascii(cell, "staff_number")
    if not text:
        return Read(None)
    if _STAFF_NUMBER.fullmatch(text) is None:
        return Read(None, [Finding("staff-number-unreadable", "staff_number", cell.text)])
    if text.isdigit() and len(text) < habits.length:
        value = text.zfill(habits.length)
        findings.append(Finding("leading-zero", "staff_number", cell.text, value))
        return Read(value, findings)
    return Read(text, findings)


def read_national_id(cell: Cell) -> Read:
    """Read a national ID number; one of fewer digits has lost zeros to a spreadsheet."""
    text, findings = _ascii(cell, "national_id")
    plain = _BETWEEN.sub("", _CARD_SUFFIX.sub("", text))
    if not plain:
        return Read(None)
    if not plain.isascii() or not plain.isdigit() or len(plain) > NATIONAL_ID_DIGITS:
        return Read(None, [Finding("national-id-unreadable", "national_id", cell.text)])
    if len(plain) < FEWEST_ID_DIGITS:
        return Read(None, [Finding("national-id-unreadable", "national_id", cell.text)])
    if len(plain) < NATIONAL_ID_DIGITS:
        value = plain.zfill(NATIONAL_ID_DIGITS)
        findings.append(Finding("leading-zero", "national_id", cell.text, value))
        return Read(value, findings)
    return Read(plain, findings)


def read_document(cell: Cell, column: str) -> Read:
    """Read the number of a passport or a residence card."""
    text, findings = _ascii(cell, column)
    plain = _BETWEEN.sub("", text).upper()
    if not plain:
        return Read(None)
    if _DOCUMENT.fullmatch(plain) is None:
        return Read(None, [Finding("document-unreadable", column, cell.text)])
    return Read(plain, findings)


def read_mail(cell: Cell, domains: Collection[str]) -> Read:
    """Read an official mail address, which lies under a domain of the institution."""
    text, findings = _ascii(cell, "official_mail")
    plain = text.removeprefix("mailto:").lower()
    if not plain:
        return Read(None)
    if len(plain) > 254 or len(plain.partition("@")[0]) > 64 or _MAIL.fullmatch(plain) is None:
        return Read(None, [Finding("mail-unreadable", "official_mail", cell.text)])
    domain = plain.partition("@")[2]
    if not any(domain == one or domain.endswith(f".{one}") for one in domains):
        return Read(None, [Finding("mail-outside", "official_mail", cell.text)])
    return Read(plain, findings)


def _ascii(cell: Cell, column: str) -> tuple[str, list[Finding]]:
    text = ascii_digits(cell.text)
    changed = text != cell.text
    return text, [Finding("khmer-digits", column, cell.text, text)] if changed else []
