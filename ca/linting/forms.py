"""Grammars of the values that differ between certificates of one skeleton.

A form is what of a value a validator could react to; None means that the value matches no
grammar here. Grammars are narrower than what is allowed: what falls outside is linted in full.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ca.constraints.alternative_names import is_dns_name, is_email
from ca.der import (
    INTEGER,
    PRINTABLE_STRING,
    SEQUENCE,
    UTF8_STRING,
    Element,
    NotDer,
    read_bits,
    read_element,
    read_fields,
    read_integer,
    read_only,
)
from ca.linting.candidate import Attribute
from ca.linting.key_encodings import RSA_ALGORITHM, key_type_of
from ca.profiles.definition import SubjectField

Form = tuple[object, ...]

# Letters of Latin and Khmer, digits, single spaces, and marks that stand in names; it begins
# and ends with a letter or digit. No character that HTML or LDAP reads as its own.
_LATIN = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f"
_KHMER = "\u1780-\u17b3\u17b6-\u17dd\u17e0-\u17e9"
_EDGE = f"[0-9{_LATIN}{_KHMER}]"
_TEXT = re.compile(rf"{_EDGE}(?:(?: |[-.,'()])*{_EDGE})*\)?")
_PRINTABLE_TEXT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 '()+,\-./:=?]*[A-Za-z0-9)])?")
_MOST_CHARACTERS = 64

_DNS, _EMAIL = 0x82, 0x81


def serial_number_form(content: bytes) -> Form | None:
    """A positive number of 16 to 20 octets: that is all a validator asks."""
    return ("serial",) if 16 <= len(content) <= 20 and content[0] < 0x80 else None


def attribute_form(attribute: Attribute, field: SubjectField) -> Form | None:
    """A constant as it is; a text by tag and kind of letters, of at most 64 characters."""
    if field.constant is not None:
        return attribute if attribute.value == field.constant.encode() else None
    try:
        text = attribute.value.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if len(text) > _MOST_CHARACTERS or "  " in text:
        return None
    if field.pattern is not None and not re.fullmatch(field.pattern, text):
        return None
    if attribute.tag == PRINTABLE_STRING:
        grammar = _PRINTABLE_TEXT
    elif attribute.tag == UTF8_STRING:
        # A value that the profile's pattern describes may have what identifiers have.
        grammar = _PRINTABLE_TEXT if field.pattern is not None and text.isascii() else _TEXT
    else:
        return None
    if not grammar.fullmatch(text):
        return None
    return attribute.oid, attribute.tag, text.isascii(), field.pattern


def public_key_form(public_key_der: bytes) -> Form | None:
    """The algorithm; of an RSA key its size and exponent, if the modulus is odd."""
    name = key_type_of(public_key_der)
    if name != "rsa":
        return None if name is None else (name,)
    try:
        return _rsa_form(public_key_der)
    except NotDer:
        return None


def _rsa_form(public_key_der: bytes) -> Form | None:
    info = read_only(public_key_der, SEQUENCE)
    algorithm = read_element(public_key_der, info.content, info.end)
    if algorithm.der != RSA_ALGORITHM:
        return None
    bits = read_element(public_key_der, algorithm.end, info.end)
    key = read_only(read_bits(bits), SEQUENCE)
    modulus, exponent = map(read_integer, read_fields(key, INTEGER, INTEGER))
    if modulus <= 0 or modulus % 2 == 0:
        return None
    return "rsa", modulus.bit_length(), exponent


def alternative_name_form(name: Element) -> Form | None:
    """A host name or mailbox by its last label and count of labels; other kinds as they are."""
    if name.tag not in {_DNS, _EMAIL}:
        return name.tag, name.value
    if not name.value.isascii():
        return None
    text = name.value.decode("ascii")
    if not (is_dns_name(text) if name.tag == _DNS else is_email(text)):
        return None
    labels = text.rpartition("@")[2].split(".")
    # A-labels (RFC 5890) have rules of their own.
    if any(label[2:4] == "--" for label in labels):
        return None
    return name.tag, len(labels), labels[-1]


def equalities(values: Sequence[bytes]) -> Form:
    """Tell which values are equal, letter case aside: some rules compare fields."""
    first: dict[bytes, int] = {}
    return tuple(first.setdefault(value.lower(), place) for place, value in enumerate(values))
