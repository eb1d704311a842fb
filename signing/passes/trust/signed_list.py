"""Lists about passes that are tokens: of whom they are is proven by their signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from signing.passes.codecs.signatures import Algorithm, Signed
from signing.passes.errors import bad_encoding

# What document signers have: no list is made by another key.
ALGORITHMS = frozenset({Algorithm.ES256, Algorithm.ES384, Algorithm.PS256, Algorithm.EDDSA})
_LATEST = 253_402_300_799  # 9999-12-31


@dataclass(frozen=True, eq=False)
class SignedList:
    """A token as it was found in ``source``; nothing of it is believed yet.

    ``key_ids`` are what its kid may stand for. ``expires_at`` is None where it does not say.
    """

    source: str
    signed: Signed = field(repr=False)
    key_ids: frozenset[bytes]
    issued_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, eq=False)
class StatusList(SignedList):
    """A status list: ``octets`` are its array of ``width`` bits a place."""

    uri: str
    width: int
    octets: bytes = field(repr=False)


@dataclass(frozen=True)
class Batch:
    """Whose certificates a hash is about; ``signer_key_id`` None for a signer that is not told."""

    country: str
    signer_key_id: bytes | None


@dataclass(frozen=True, eq=False)
class HashList(SignedList):
    """Hashes of revoked certificates, by their type and the first 128 bits."""

    entries: Mapping[tuple[str, bytes], frozenset[Batch]] = field(repr=False)


def instant(claims: Mapping[Any, Any], claim: int | str) -> datetime | None:
    """Return a NumericDate. Raises PassRefused where it is none."""
    value = claims.get(claim)
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 <= value <= _LATEST:
        raise bad_encoding(f"The claim {claim} of the list is no time.")
    return datetime.fromtimestamp(value, UTC)


def issued(claims: Mapping[Any, Any], claim: int | str) -> datetime:
    """Return when a list was issued. Raises PassRefused where it does not say."""
    found = instant(claims, claim)
    if found is None:
        raise bad_encoding("The list does not say when it was issued.")
    return found
