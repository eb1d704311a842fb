"""Judge the subject of a request: string types, letters and lengths of its names."""

from __future__ import annotations

import re

from ca.csr.refusals import (
    KEPT,
    CsrBidiRefused,
    CsrMalformed,
    CsrNameCharacterRefused,
    CsrNameTooLong,
    CsrStringTypeRefused,
)
from ca.der import IA5_STRING, NUMERIC_STRING, PRINTABLE_STRING, UTF8_STRING
from ca.names import attribute_name, has_bidi_control, refused_character, upper_bound

# X.680, Section 41.4.
_PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]*")
_ENCODINGS = {
    UTF8_STRING: "utf-8",
    PRINTABLE_STRING: "ascii",
    IA5_STRING: "ascii",
    NUMERIC_STRING: "ascii",
}
_OUTDATED = {0x14: "TeletexString", 0x1C: "UniversalString", 0x1E: "BMPString"}


def read_names(subject: tuple[tuple[str, int, bytes], ...]) -> tuple[tuple[str, str], ...]:
    """Return (OID, text) in the order of the request. Raises Malformed or Unacceptable."""
    return tuple((oid, _read_name(oid, tag, content)) for oid, tag, content in subject)


def _read_name(oid: str, tag: int, content: bytes) -> str:
    name = attribute_name(oid)
    if tag not in _ENCODINGS:
        # RFC 5280, Section 4.1.2.4: UTF8String or PrintableString for new names.
        raise CsrStringTypeRefused(
            f"The {name} is a {_OUTDATED.get(tag, 'value of an unknown type')}; "
            "write names as UTF8String or PrintableString.",
            kept=KEPT,
            attribute=oid,
        )
    try:
        text = content.decode(_ENCODINGS[tag])
    except UnicodeDecodeError as error:
        raise CsrMalformed(f"The {name} is not text of its type.", attribute=oid) from error
    if tag == PRINTABLE_STRING and not _PRINTABLE.fullmatch(text):
        raise CsrMalformed(f"The {name} is not a PrintableString.", attribute=oid)
    _judge(oid, name, text)
    return text


def _judge(oid: str, name: str, text: str) -> None:
    if has_bidi_control(text):
        raise CsrBidiRefused(
            f"The {name} has a character that turns the writing direction.",
            kept=KEPT,
            attribute=oid,
        )
    character = refused_character(text)
    if character is not None:
        raise CsrNameCharacterRefused(
            f"The {name} has the character U+{ord(character):04X}, which no name may have.",
            kept=KEPT,
            attribute=oid,
        )
    if len(text) > upper_bound(oid):
        raise CsrNameTooLong(
            f"The {name} has {len(text)} characters; {upper_bound(oid)} are the most.",
            kept=KEPT,
            attribute=oid,
            characters=len(text),
            most=upper_bound(oid),
        )
