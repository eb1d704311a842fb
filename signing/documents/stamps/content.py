"""What a stamp says: its lines, in the order of its layout."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from signing.documents.dates.written import english_date, khmer_date, lunar_line
from signing.documents.stamps.errors import StampDoesNotFit, TextCannotBeDrawn
from signing.documents.stamps.layouts import Row

MAX_CHARACTERS = 200  # in one text; names and titles of ministries reach about 120
_SMALL = 0.82  # what is said again in English, beside the Khmer line above it
_LARGE = 1.15


@dataclass(frozen=True)
class Words:
    """The same in Khmer and in English; either may be empty."""

    khmer: str = ""
    english: str = ""


@dataclass(frozen=True)
class StampContent:
    """Everything that a stamp can show; a layout says what it does show."""

    signer: Words
    moment: datetime
    title: Words = Words()
    ministry: Words = Words()
    on_behalf_of: Words = Words()
    number: str = ""
    # Printed for people who have no camera, and what the QR code holds.
    address: str = ""
    qr_text: str = ""


@dataclass(frozen=True)
class Paragraph:
    """One text of a stamp: broken into at most ``max_lines`` lines."""

    name: str
    text: str
    is_bold: bool = False
    scale: float = 1.0
    max_lines: int = 3


def paragraphs(content: StampContent, rows: tuple[Row, ...]) -> list[Paragraph]:
    """Return the paragraphs of a stamp, without those that have nothing to say.

    Raises TextCannotBeDrawn, StampDoesNotFit, DateOutsideCalendar.
    """
    found = [one for row in rows for one in _ROWS[row](content)]
    for paragraph in found:
        _check(paragraph)
    return found


def _ministry(content: StampContent) -> Iterator[Paragraph]:
    yield from _both("ministry", content.ministry, is_bold=True)


def _signed_by(content: StampContent) -> Iterator[Paragraph]:
    yield Paragraph("signed by", "ហត្ថលេខាឌីជីថលរបស់ · Digitally signed by", scale=_SMALL)


def _signer(content: StampContent) -> Iterator[Paragraph]:
    yield from _both("signer", content.signer, is_bold=True, scale=_LARGE)


def _title(content: StampContent) -> Iterator[Paragraph]:
    yield from _both("title", content.title)


def _on_behalf_of(content: StampContent) -> Iterator[Paragraph]:
    words = content.on_behalf_of
    khmer = f"ក្នុងនាម {words.khmer}" if words.khmer else ""
    english = f"on behalf of {words.english}" if words.english else ""
    yield from _both("on behalf of", Words(khmer, english))


def _number(content: StampContent) -> Iterator[Paragraph]:
    if content.number:
        yield Paragraph("number", f"លេខ · No. {content.number}")


def _lunar_date(content: StampContent) -> Iterator[Paragraph]:
    yield Paragraph("lunar date", lunar_line(content.moment))


def _khmer_date(content: StampContent) -> Iterator[Paragraph]:
    yield Paragraph("Khmer date", khmer_date(content.moment))


def _english_date(content: StampContent) -> Iterator[Paragraph]:
    yield Paragraph("English date", english_date(content.moment), scale=_SMALL)


def _address(content: StampContent) -> Iterator[Paragraph]:
    if content.address:
        yield Paragraph("address", content.address, scale=_SMALL)


def _both(
    name: str, words: Words, *, is_bold: bool = False, scale: float = 1.0
) -> Iterator[Paragraph]:
    if words.khmer:
        yield Paragraph(f"{name} (Khmer)", words.khmer, is_bold, scale)
    if words.english:
        smaller = scale * _SMALL if words.khmer else scale
        yield Paragraph(f"{name} (English)", words.english, is_bold, smaller)


_ROWS: Mapping[Row, Callable[[StampContent], Iterator[Paragraph]]] = {
    Row.MINISTRY: _ministry,
    Row.SIGNED_BY: _signed_by,
    Row.SIGNER: _signer,
    Row.TITLE: _title,
    Row.ON_BEHALF_OF: _on_behalf_of,
    Row.NUMBER: _number,
    Row.LUNAR_DATE: _lunar_date,
    Row.KHMER_DATE: _khmer_date,
    Row.ENGLISH_DATE: _english_date,
    Row.ADDRESS: _address,
}


def _check(paragraph: Paragraph) -> None:
    if len(paragraph.text) > MAX_CHARACTERS:
        raise StampDoesNotFit(
            f"The {paragraph.name} has {len(paragraph.text)} characters; a stamp shows at most "
            f"{MAX_CHARACTERS}. Shorten it.",
            text=paragraph.name,
        )
    # Controls and marks of direction would make a reader see another text than is there.
    for character in paragraph.text:
        if unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}:
            if character in "\u200b\u200c\u200d":
                continue
            raise TextCannotBeDrawn(
                f"The {paragraph.name} holds the invisible character U+{ord(character):04X}. "
                "Type the text again without it.",
                text=paragraph.name,
                character=f"U+{ord(character):04X}",
            )
