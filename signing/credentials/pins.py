"""PINs: what is read of them, which are taken, and how they are made slow to guess."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from threading import BoundedSemaphore

from argon2.low_level import Type, hash_secret_raw

from core.digits import ascii_digits
from signing.credentials.errors import PinUnsuitable

LONGEST_PIN = 64
STRETCHED_OCTETS = 32
# Each takes the memory that its stretching says: as many at a time as a small machine bears.
MOST_AT_ONCE = 4
_FEWEST_DIFFERENT = 4
_slots = BoundedSemaphore(MOST_AT_ONCE)


@dataclass(frozen=True)
class Stretching:
    """The parameters of Argon2id (RFC 9106, Section 3.1)."""

    memory_kibibytes: int
    passes: int
    lanes: int


def pin_octets(typed: str) -> bytes:
    """Return the octets of a PIN, the same for Khmer and ASCII digits, however composed.

    What is longer than any PIN is cut there: it is wrong as well, and costs no more.
    """
    text = ascii_digits(unicodedata.normalize("NFKC", typed[: 2 * LONGEST_PIN]))
    return text.encode("utf-8", "surrogatepass")


def check_new_pin(typed: str, *, shortest: int) -> None:
    """Let a PIN pass that is hard enough to guess. Raises PinUnsuitable.

    Guessing is limited by the lock; this is for who has the database and an HSM session, and can
    try without counting (ADR 0050).
    """
    pin = pin_octets(typed).decode("utf-8", "surrogatepass")
    if not shortest <= len(pin) <= LONGEST_PIN or len(typed) > LONGEST_PIN:
        raise _unsuitable(f"A PIN has {shortest} to {LONGEST_PIN} digits or letters.")
    if any(one.isspace() or not one.isprintable() for one in pin):
        raise _unsuitable("A PIN has no spaces and no characters that nobody sees.")
    if len(set(pin)) < _FEWEST_DIFFERENT:
        raise _unsuitable(f"A PIN has at least {_FEWEST_DIFFERENT} different digits or letters.")
    if {ord(after) - ord(one) for one, after in pairwise(pin)} in ({1}, {-1}):
        raise _unsuitable("A PIN is no sequence such as 12345678.")


def stretched(pin: bytes, salt: bytes, stretching: Stretching) -> bytes:
    """Return 32 octets that each guess costs anew (Argon2id, RFC 9106)."""
    with _slots:
        return hash_secret_raw(
            secret=pin,
            salt=salt,
            time_cost=stretching.passes,
            memory_cost=stretching.memory_kibibytes,
            parallelism=stretching.lanes,
            hash_len=STRETCHED_OCTETS,
            type=Type.ID,
        )


def _unsuitable(detail: str) -> PinUnsuitable:
    return PinUnsuitable(detail, kept="Nothing was changed.")
