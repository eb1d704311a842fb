"""The profile that a message names in its header (RFC 9483, Section 4.1; RFC 9810, 5.1.1.4)."""

from __future__ import annotations

from ca.der import SEQUENCE, UTF8_STRING, read_fields, read_only
from enrollment.cmp.errors import CmpMalformed
from enrollment.cmp.message import Info
from enrollment.cmp.reading import strictly


def profile_in(info: Info | None) -> str | None:
    """Return the one profile of a CertProfileValue. Raises CmpMalformed."""
    if info is None or info.value is None:
        return None
    value = info.value
    [name] = strictly(lambda: read_fields(read_only(value, SEQUENCE), UTF8_STRING))
    try:
        return name.value.decode()
    except UnicodeDecodeError as error:
        raise CmpMalformed("The name of the profile is no text.") from error
