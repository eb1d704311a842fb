"""Identifiers of passes: unique, without meaning, and checked when typed."""

from __future__ import annotations

import secrets

from signing.passes.rules.luhn import checksum

_PREFIX = "URN:UVCI:01:KH:"
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32 that nobody confuses
_UNIQUE = 26  # characters of 5 bits: 130 bits
_NUMBER = 16


def new_certificate_id() -> str:
    """Return a UVCI of option 3, a unique string alone, with its checksum.

    eHealth Network, guidelines on proof of vaccination, Annex 2.
    """
    body = _PREFIX + _drawn(_UNIQUE)
    return f"{body}#{checksum(body)}"


def new_identity_number() -> str:
    """Return a number for one identity code: at random, so that no two can be linked."""
    return _drawn(_NUMBER)


def _drawn(characters: int) -> str:
    # 32 divides 256: each is as likely as another.
    return "".join([_ALPHABET[octet % 32] for octet in secrets.token_bytes(characters)])
