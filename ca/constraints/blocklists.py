"""Lists of keys whose private half is known, looked up without loading a network.

Two forms: text files with the hex SHA-256 of a SubjectPublicKeyInfo on each line (``#`` begins
a comment), and badkeys' ``blocklist.dat``: sorted records of 16 octets, of which 15 begin the
SHA-256 of the modulus, the point's x or the raw key, and the last numbers its source.
"""

from __future__ import annotations

import mmap
import re
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from core.errors import Unacceptable
from hsm.keys import PublicKey

_LINE = re.compile(r"([0-9A-Fa-f]{64})?\s*(#.*)?")
_RECORD_OCTETS = 16
_HASH_OCTETS = 15


class BlocklistRefused(Unacceptable):
    """A blocklist cannot be read; the message names file, line and reason."""

    problem = "blocklist-refused"
    title = "A blocklist of keys cannot be read"


def read_hashes(file: Path) -> frozenset[bytes]:
    """Return the SHA-256 hashes of a text blocklist. Raises BlocklistRefused."""
    hashes: set[bytes] = set()
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise BlocklistRefused(f"{file}: line {number}: is no SHA-256 in hex")
        if match[1]:
            hashes.add(bytes.fromhex(match[1]))
    return frozenset(hashes)


class BadkeysBlocklist:
    """badkeys' sorted file, mapped into memory."""

    def __init__(self, file: Path) -> None:
        if not file.stat().st_size or file.stat().st_size % _RECORD_OCTETS:
            raise BlocklistRefused(f"{file}: is not made of records of {_RECORD_OCTETS} octets")
        with file.open("rb") as opened:
            self._records = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)

    def __contains__(self, key: object) -> bool:
        wanted = sha256(_significant_octets(key)).digest()[:_HASH_OCTETS]
        low, high = 0, len(self._records) // _RECORD_OCTETS
        while low < high:
            middle = (low + high) // 2
            start = middle * _RECORD_OCTETS
            found = self._records[start : start + _HASH_OCTETS]
            if found == wanted:
                return True
            low, high = (middle + 1, high) if found < wanted else (low, middle)
        return False


def _significant_octets(key: PublicKey | object) -> bytes:
    if isinstance(key, RSAPublicKey):
        number = key.public_numbers().n
    elif isinstance(key, EllipticCurvePublicKey):
        number = key.public_numbers().x
    else:
        number = int.from_bytes(key.public_bytes_raw(), "big")  # type: ignore[attr-defined]
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
