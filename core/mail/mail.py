"""What a mail is before it is sent, and what none of ours may hold."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from core.mail.addresses import mail_address
from core.mail.errors import MailRefused

# Between the languages. Not "-- ", which begins a signature (RFC 3676, Section 4.3).
DIVIDER = "\n\n" + "·" * 40 + "\n\n"
LONGEST_SUBJECT = 200  # characters of both languages together: what a phone shows is shorter still
LONGEST_TEXT = 20_000
LONGEST_KEY = 200
_KIND = re.compile(r"[a-z][a-z-]{0,31}")
_KEY = re.compile(r"[!-~]{1,200}")
# What a mail program makes a link of, with or without being told.
_LINK = re.compile(r"(?i)\b(?:[a-z][a-z0-9+.-]*://|www\.)\S*")
# Unicode, Section 23.2: they make a text read otherwise than it is written.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Letter:
    """A mail in one language."""

    subject: str
    text: str


@dataclass(frozen=True)
class Mail:
    """A mail to one person, in both languages.

    ``kind`` is a word for logs and metrics, such as ``invitation``. Of one ``deduplication_key``
    one mail is ever sent; it says what the mail is about by its id, and never names a person. A
    ``confidential`` text, one with a link that lets somebody in, is dropped when the mail leaves.
    """

    to: str
    kind: str
    deduplication_key: str
    khmer: Letter
    english: Letter
    confidential: bool = False

    @property
    def subject(self) -> str:
        """Both subjects, Khmer first."""
        return f"{self.khmer.subject} / {self.english.subject}"

    @property
    def text(self) -> str:
        """Both texts, Khmer first."""
        return f"{self.khmer.text.strip()}{DIVIDER}{self.english.text.strip()}\n"


def checked_recipient(mail: Mail, *, public_url: str) -> str:
    """Return whom a mail may go to. Raises MailRefused and MailAddressMalformed.

    A line break in a subject would begin a header of its own (RFC 5322, Section 2.2); a foreign
    link in a mail of ours would be believed.
    """
    if not _KIND.fullmatch(mail.kind) or not _KEY.fullmatch(mail.deduplication_key):
        raise MailRefused("A mail has a kind and a key of visible ASCII characters.")
    for part, longest in ((mail.subject, LONGEST_SUBJECT), (mail.text, LONGEST_TEXT)):
        if len(part) > longest:
            raise MailRefused(f"The mail is too long: {longest} characters are the most.")
    _check_characters(mail.subject)
    for line in mail.text.split("\n"):
        _check_characters(line)
    for link in _LINK.findall(f"{mail.subject}\n{mail.text}"):
        if link != public_url and not link.startswith(f"{public_url}/"):
            raise MailRefused("A mail of ours leads to no other address than ours.")
    return mail_address(mail.to)


def _check_characters(line: str) -> None:
    # Cc: controls, line breaks among them; Cs: half a character, which UTF-8 cannot write;
    # Zl and Zp: line breaks to some programs.
    for character in line:
        if character in _DIRECTION or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}:
            raise MailRefused("A mail holds no control character.")
