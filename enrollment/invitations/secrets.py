"""What opens an invitation: a link's token, or a slip's number and digits.

The token has 256 random bits: its hash needs no salt and no stretching. Eight digits are guessed
from a plain hash within a second, so their MAC is made with a key that never leaves the token: a
copy of the database opens nothing.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest

from core.digits import ascii_digits
from enrollment.invitations.errors import DigitsMalformed, InvitationUnknown
from hsm.keys import MacKey

# The name of the MAC key in its token.
MAC_KEY = "activation slips"
TOKEN_OCTETS = 32
NUMBER_DIGITS = 6
CODE_DIGITS = 8
_DOMAIN = b"camtrust activation slip, version 1"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
# What people type between groups of digits: spaces of all kinds, hyphens, dots.
_BETWEEN = re.compile(r"[\s.\u200b\u00a0-]+")


def new_token() -> str:
    """Return the token of a new link: 43 characters of base64url."""
    return secrets.token_urlsafe(TOKEN_OCTETS)


def token_hash(token: str) -> bytes:
    """Return what the tables keep of a token. Raises InvitationUnknown for what is none."""
    if not _TOKEN.fullmatch(token):
        raise InvitationUnknown("This link opens nothing.")
    return sha256(token.encode("ascii")).digest()


def new_number() -> str:
    """Return a number for a slip: not secret, but not to be foretold either."""
    return f"{secrets.randbelow(10**NUMBER_DIGITS):0{NUMBER_DIGITS}d}"


def new_code() -> str:
    """Return the eight digits of a slip."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def read_digits(text: str, length: int) -> str:
    """Return digits as they were meant: Khmer ones too, grouped or not.

    Raises DigitsMalformed unless they are ``length`` many.
    """
    digits = _BETWEEN.sub("", ascii_digits(text[:100]))
    if not re.fullmatch(rf"[0-9]{{{length}}}", digits):
        raise DigitsMalformed(
            f"Type {length} digits, as they are printed on the slip.",
            kept="This did not count as a try.",
        )
    return digits


class SlipCodes:
    """Computes what the tables keep of a slip's digits."""

    def __init__(self, *, mac_key: Callable[[], MacKey]) -> None:
        self._mac_key = mac_key

    def mac(self, invitation_id: str, code: str) -> bytes:
        """Return the MAC of a slip's digits. Raises TokenUnavailable."""
        return self._mac_key().mac(_DOMAIN + invitation_id.encode() + b":" + code.encode())

    def is_right(self, invitation_id: str, code: str, expected: bytes) -> bool:
        """Tell whether these are the digits of this slip. Raises TokenUnavailable."""
        return compare_digest(self.mac(invitation_id, code), expected)
