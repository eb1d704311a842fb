"""Refusals of this room."""

from __future__ import annotations

from core.errors import Malformed, Unacceptable
from signing.passes.statuses import Status


class PassRefused(Malformed):
    """A code cannot be judged as a pass; ``status`` says why in one word."""

    problem = "pass-refused"
    title = "The code cannot be read as a pass"

    def __init__(self, status: Status, detail: str) -> None:
        super().__init__(detail, status=status.value)
        self.status = status


class PassTrustUnreadable(Unacceptable):
    """A file that says whom to trust cannot be read; nobody is trusted by a part of it."""

    problem = "pass-trust-unreadable"
    title = "The list of trusted signers cannot be read"


def bad_encoding(detail: str) -> PassRefused:
    """Return the refusal of a code that is not what it claims to be."""
    return PassRefused(Status.INVALID_ENCODING, detail)
