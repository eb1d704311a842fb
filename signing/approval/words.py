"""Titles, reasons and opinions: what people wrote, without what nobody sees."""

from __future__ import annotations

import re
import unicodedata

from core.web.forms import FormOutdated
from signing.approval.errors import NOTHING_DONE, WordsUnsuitable

LONGEST_TITLE = 200
LONGEST_TEXT = 2_000
# Khmer is written with a zero-width space, and joiners decide how letters stack.
_INVISIBLE_AND_MEANT = str.maketrans("", "", "\u200b\u200c\u200d")
# What mail programs make a link of: an address with its scheme, or a name with a domain's ending.
# U+3002 is a dot to them too (RFC 3490, Section 3.1; the others are dots after NFKC).
_LINK = re.compile(r"://|www\.|\S[.\u3002][^\W\d_]{2,}", re.IGNORECASE)
_ACT = re.compile(r"[0-9a-f]{32}")


def act_named(text: str) -> str:
    """Return the name of what a form asks for. Raises FormOutdated."""
    if not _ACT.fullmatch(text):
        raise FormOutdated(
            "Open the page again and send its form once more.", kept="Nothing was changed."
        )
    return text


def is_readable(text: str) -> bool:
    """Tell whether a line holds something, and nothing that hides or turns it."""
    plain = text.translate(_INVISIBLE_AND_MEANT)
    return bool(plain.strip()) and plain.isprintable()


def holds_link(text: str) -> bool:
    """Tell whether a mail program might make a link of something in a text."""
    plain = unicodedata.normalize("NFKC", text.translate(_INVISIBLE_AND_MEANT))
    return _LINK.search(plain) is not None


def checked_text(text: str, what: str) -> str:
    """Return a reason or an opinion as it is kept. Raises WordsUnsuitable."""
    kept = text.replace("\r\n", "\n").replace("\t", " ").strip()
    if not kept:
        raise WordsUnsuitable(f"Write {what}.", kept=NOTHING_DONE)
    if len(kept) > LONGEST_TEXT:
        raise WordsUnsuitable(
            f"At most {LONGEST_TEXT} characters are taken.", kept=NOTHING_DONE, limit=LONGEST_TEXT
        )
    if not all(is_readable(line) for line in kept.split("\n") if line.strip()):
        raise WordsUnsuitable("The text holds characters that nobody sees.", kept=NOTHING_DONE)
    return kept
