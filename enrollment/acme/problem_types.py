"""Which ACME error type a refusal has (RFC 8555, Section 6.7)."""

from __future__ import annotations

from ca.revocation.errors import AlreadyRevoked
from core.errors import CamtrustError, Forbidden, TooMany, Unauthenticated, Unavailable

PREFIX = "urn:ietf:params:acme:error:"
_BY_CLASS: tuple[tuple[type[CamtrustError], str], ...] = (
    (AlreadyRevoked, "alreadyRevoked"),
    (TooMany, "rateLimited"),
    (Unavailable, "serverInternal"),
    (Forbidden, "unauthorized"),
    (Unauthenticated, "unauthorized"),
)


def acme_type(error: CamtrustError) -> str:
    """Return the error type: the error's own, or the one of its category."""
    own = getattr(error, "acme_type", None)
    if isinstance(own, str):
        return PREFIX + own
    for category, word in _BY_CLASS:
        if isinstance(error, category):
            return PREFIX + word
    return PREFIX + "malformed"


def acme_type_of_status(status: int) -> str:
    """Return the error type of a refusal that came from outside ACME, by its HTTP status."""
    if status == 429:
        return PREFIX + "rateLimited"
    if status in {401, 403}:
        return PREFIX + "unauthorized"
    return PREFIX + ("serverInternal" if status >= 500 else "malformed")
