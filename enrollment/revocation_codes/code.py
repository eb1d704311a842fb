"""A revocation code as it is printed, typed and remembered.

``K7M2Q-0XVTA-93HNE-RW5D8``: Crockford's alphabet of 32 signs, which has no I, L, O and U, so that
nothing on paper is taken for something else. The last sign is a check by Luhn's method modulo 32:
each mistyped sign and nearly each swap of neighbours is found before anything is looked up.
"""

from __future__ import annotations

import re
import secrets
from hashlib import sha256

from core.digits import ascii_digits
from core.errors import Malformed

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# 19 signs of 5 bits: far beyond guessing, also by whoever holds the hashes.
RANDOM_SIGNS = 19
GROUP = 5
_BASE = len(ALPHABET)
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015\u200b]+")
# What people write for what the alphabet leaves out.
_TAKEN_FOR = str.maketrans("OIL", "011")
_CODE = re.compile(f"[{ALPHABET}]{{{RANDOM_SIGNS + 1}}}")
_LONGEST_TYPED = 128
_DOMAIN = b"camtrust revocation code, version 1\x00"


class RevocationCodeMistyped(Malformed):
    """What was typed is no revocation code: a sign is missing, or one was mistyped."""

    problem = "revocation-code-mistyped"
    title = "This revocation code has a mistake"


def new_code() -> str:
    """Return a new code, in groups."""
    signs = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_SIGNS))
    return in_groups(signs + _check_sign(signs))


def in_groups(signs: str) -> str:
    """Return a code as it is printed: four groups of five."""
    return "-".join(signs[at : at + GROUP] for at in range(0, len(signs), GROUP))


def read_code(typed: str) -> str:
    """Return the twenty signs of a code, however it was typed. Raises RevocationCodeMistyped.

    Khmer digits, small letters, spaces and dashes are taken; O is 0, I and L are 1.
    """
    if len(typed) > _LONGEST_TYPED:
        raise _mistyped()
    signs = _BETWEEN.sub("", ascii_digits(typed)).upper().translate(_TAKEN_FOR)
    if not _CODE.fullmatch(signs) or signs[-1] != _check_sign(signs[:-1]):
        raise _mistyped()
    return signs


def hash_of(signs: str) -> bytes:
    """Return what is kept of a code, 32 octets.

    A plain hash is enough for 95 random bits, and needs no token: a code works while it is away.
    """
    return sha256(_DOMAIN + signs.encode("ascii")).digest()


def _check_sign(signs: str) -> str:
    total = 0
    for place, sign in enumerate(reversed(signs)):
        value = ALPHABET.index(sign) * (2 if place % 2 == 0 else 1)
        total += value // _BASE + value % _BASE
    return ALPHABET[-total % _BASE]


def _mistyped() -> RevocationCodeMistyped:
    return RevocationCodeMistyped(
        f"A revocation code has {RANDOM_SIGNS + 1} letters and digits. Compare it with the paper, "
        "sign by sign.",
        kept="Nothing was changed, and this did not count as a wrong code.",
    )
