"""The forms that names in a subject must have: letters, length and the profile's pattern."""

from __future__ import annotations

import re
import unicodedata

from ca.constraints.refusals import (
    KEPT,
    NameCharacterRefused,
    NameFormRefused,
    NameTooLong,
)
from ca.names import attribute_name, has_bidi_control, refused_character, upper_bound


def check_name(oid: str, text: str, pattern: str | None = None) -> None:
    """Check one value. Raises NameFormRefused, NameCharacterRefused or NameTooLong."""
    name = attribute_name(oid)
    if not text or text != text.strip() or "  " in text:
        raise NameFormRefused(
            f"The {name} is empty, or has spaces at an end or several in a row.",
            kept=KEPT,
            attribute=oid,
        )
    character = refused_character(text)
    if character is not None or has_bidi_control(text):
        code = f" U+{ord(character):04X}" if character else " that turns the writing direction"
        raise NameCharacterRefused(
            f"The {name} has a character{code}, which no name may have.", kept=KEPT, attribute=oid
        )
    if not is_composed(text):
        # RFC 5280, Section 7.1 compares prepared strings; we write them prepared.
        raise NameFormRefused(
            f"The {name} is not in Unicode's composed form (NFC).", kept=KEPT, attribute=oid
        )
    if len(text) > upper_bound(oid):
        raise NameTooLong(
            f"The {name} has {len(text)} characters; {upper_bound(oid)} are the most.",
            kept=KEPT,
            attribute=oid,
            most=upper_bound(oid),
        )
    if pattern is not None and not re.fullmatch(pattern, text):
        raise NameFormRefused(
            f"The {name} has not the form that this kind of certificate asks for.",
            kept=KEPT,
            attribute=oid,
            pattern=pattern,
        )


def is_composed(text: str) -> bool:
    """Tell whether a text is in Unicode's composed form, NFC."""
    return text.isascii() or unicodedata.is_normalized("NFC", text)
