"""What can be said of a pass: a closed set of words, the same for every format and every verifier.

The order is that of the answer: where several apply, the first one is the status and every one
is among the reasons. Names follow WHO's verifier where it has one for the case.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """The one word about a pass."""

    # Nothing can be said of a signature.
    NOT_SUPPORTED = "NOT_SUPPORTED"
    """No pass, or one of a kind that is not read here."""
    INVALID_ENCODING = "INVALID_ENCODING"
    """The code cannot be read as what it claims to be: cut off, damaged, or never right."""
    INVALID_COMPRESSION = "INVALID_COMPRESSION"
    """Its compressed part is broken, or unfolds to more than any pass has."""
    KID_NOT_INCLUDED = "KID_NOT_INCLUDED"
    """It does not say whose key signed it."""
    ISSUER_NOT_TRUSTED = "ISSUER_NOT_TRUSTED"
    """Nobody who is trusted here has that key. It may be genuine."""
    INVALID_SIGNATURE = "INVALID_SIGNATURE"
    """Altered after signing, or forged."""

    # The signature is right; the pass is not good for all that.
    WRONG_KEY_USAGE = "WRONG_KEY_USAGE"
    """The signer may sign, but not passes of this kind."""
    INVALID_SCHEMA = "INVALID_SCHEMA"
    """Signed, but not what a pass of this kind has to contain."""
    REVOKED = "REVOKED"
    """The issuer took it back."""
    NOT_YET_VALID = "NOT_YET_VALID"
    """Its time has not come."""
    EXPIRED = "EXPIRED"
    """Its time is over."""
    KEY_EXPIRED = "KEY_EXPIRED"
    """The signer's certificate was not valid at issuing, or is not now."""

    VERIFIED = "VERIFIED"
    """Genuine, unaltered and in force."""


SEVERITY = tuple(Status)
