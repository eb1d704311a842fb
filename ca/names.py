"""What a name in a certificate may be made of: its letters and its length.

A certificate is read by people and compared by machines; a character that is invisible, or
that turns the direction of what follows, lets the two see different names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from core import oids

# RFC 5280, Appendix A.1, upper bounds in characters. Where it has none to speak of (given name
# and surname: 32,768; organizationIdentifier: unbounded) ours are those of its other names.
DEFAULT_UPPER_BOUND: Final = 64
UPPER_BOUNDS: Final[Mapping[str, int]] = {
    oids.COUNTRY_NAME: 2,
    oids.LOCALITY_NAME: 128,
    oids.STATE_OR_PROVINCE_NAME: 128,
    oids.STREET_ADDRESS: 128,
    oids.BUSINESS_CATEGORY: 128,
    oids.POSTAL_CODE: 40,
    oids.PSEUDONYM: 128,
    oids.EMAIL_ADDRESS: 255,
    oids.DOMAIN_COMPONENT: 63,
}

# Unicode's Bidi_Control property.
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Zero-width joiner and non-joiner spell words in Khmer and its neighbours; they may stay.
_JOINERS: Final = frozenset("\u200c\u200d")
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_PLAIN: Final = re.compile(r"[ -~]*")

ATTRIBUTE_NAMES: Final[Mapping[str, str]] = {
    oids.COMMON_NAME: "commonName",
    oids.SURNAME: "surname",
    oids.SERIAL_NUMBER: "serialNumber",
    oids.COUNTRY_NAME: "countryName",
    oids.LOCALITY_NAME: "localityName",
    oids.STATE_OR_PROVINCE_NAME: "stateOrProvinceName",
    oids.ORGANIZATION_NAME: "organizationName",
    oids.ORGANIZATIONAL_UNIT_NAME: "organizationalUnitName",
    oids.TITLE: "title",
    oids.BUSINESS_CATEGORY: "businessCategory",
    oids.GIVEN_NAME: "givenName",
    oids.PSEUDONYM: "pseudonym",
    oids.ORGANIZATION_IDENTIFIER: "organizationIdentifier",
    oids.EMAIL_ADDRESS: "emailAddress",
}


def attribute_name(oid: str) -> str:
    """Return what to call an attribute when talking to people."""
    return ATTRIBUTE_NAMES.get(oid, oid)


def upper_bound(oid: str) -> int:
    """Return the most characters that an attribute may have."""
    return UPPER_BOUNDS.get(oid, DEFAULT_UPPER_BOUND)


def has_bidi_control(text: str) -> bool:
    """Tell whether a character turns the writing direction."""
    return not _BIDI.isdisjoint(text)


def refused_character(text: str) -> str | None:
    """Return the first character that no name may have, or None.

    Control, invisible, private, unassigned and lone surrogate code points, and line breaks.
    """
    if _PLAIN.fullmatch(text):
        return None
    for character in text:
        if character in _JOINERS:
            continue
        if unicodedata.category(character) in _REFUSED_CATEGORIES:
            return character
    return None
