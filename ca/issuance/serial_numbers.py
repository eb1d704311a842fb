"""Serial numbers: 159 random bits, which is the most that 20 positive octets can hold."""

from __future__ import annotations

import secrets

# RFC 5280, Section 4.1.2.2: positive, at most 20 octets; the 160th bit would be the sign.
SERIAL_NUMBER_BITS = 159

# CA/Browser Forum Baseline Requirements, Section 7.1: greater than zero. A number this small
# would not come in the lifetime of the universe; if it did, the generator would be broken.
_SMALLEST = 1 << 64


def new_serial_number() -> int:
    """Return 159 bits from the operating system's generator as a positive integer."""
    number = secrets.randbits(SERIAL_NUMBER_BITS)
    return number if number >= _SMALLEST else new_serial_number()


def shard_of(serial_number: int, shards: int) -> int:
    """Return the CRL shard that a certificate belongs to, fixed by its serial number."""
    return serial_number % shards
