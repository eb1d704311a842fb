"""Hashes by which other countries know a revoked certificate, and it alone.

EU DCC gateway, revocation lists: the first 128 bits of SHA-256, over the certificate's identifier
(UCI), over the country's two letters and the identifier, or over the signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from signing.passes.codecs.signatures import Algorithm, Signed
from signing.passes.formats.opened import NamedKey, OpenedPass
from signing.passes.pass_format import PassFormat

_OCTETS = 16
_ECDSA = frozenset({Algorithm.ES256, Algorithm.ES384, Algorithm.ES512})


class HashType(StrEnum):
    """What is hashed."""

    SIGNATURE = "SIGNATURE"
    UCI = "UCI"
    COUNTRY_CODE_UCI = "COUNTRYCODEUCI"


@dataclass(frozen=True)
class RevocationHash:
    """One hash of a certificate; ``signer_key_id`` is the kid in its code."""

    hash_type: HashType
    octets: bytes
    signer_key_id: bytes


def hashes_of(opened: OpenedPass) -> Iterator[RevocationHash]:
    """Yield every hash under which a health certificate (HC1) may stand in a list."""
    if opened.format is not PassFormat.HC1 or not isinstance(opened.signer, NamedKey):
        return
    key_id, identifier = opened.signer.key_id, opened.content.identifier
    yield RevocationHash(HashType.SIGNATURE, shortened(_stable_part(opened.signed)), key_id)
    if identifier is None:
        return
    yield RevocationHash(HashType.UCI, shortened(identifier.encode()), key_id)
    if opened.issuer is not None:
        both = (opened.issuer + identifier).encode()
        yield RevocationHash(HashType.COUNTRY_CODE_UCI, shortened(both), key_id)


def shortened(octets: bytes) -> bytes:
    """Return the first 128 bits of SHA-256."""
    return hashlib.sha256(octets).digest()[:_OCTETS]


def distinct(hashes: Iterable[RevocationHash]) -> list[RevocationHash]:
    """Return each hash once: two codes of one pass share their identifier."""
    return list({(one.hash_type, one.octets): one for one in hashes}.values())


def _stable_part(signed: Signed) -> bytes:
    # Whoever has r and s can write another valid signature with the same r.
    if signed.algorithm in _ECDSA:
        return signed.signature[: len(signed.signature) // 2]
    return signed.signature
