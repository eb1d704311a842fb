"""COSE_Sign1 (RFC 9052, Section 4.2) and the claims of a CBOR Web Token (RFC 8392)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cbor2

from signing.passes.codecs import cbor
from signing.passes.codecs.signatures import COSE_ALGORITHMS, Algorithm, Signed
from signing.passes.errors import PassRefused, bad_encoding
from signing.passes.statuses import Status

_SIGN1, _CWT = 18, 61
# RFC 9052, Section 3.1
_ALG, _CRIT, _KID = 1, 2, 4


@dataclass(frozen=True)
class Sign1:
    """A message with one signer."""

    protected_octets: bytes
    protected: Mapping[Any, Any]
    unprotected: Mapping[Any, Any]
    payload: bytes
    signature: bytes

    @property
    def key_id(self) -> bytes | None:
        """The kid: the protected one if there is one (HCERT specification, Section 3.3.2)."""
        found = self.protected.get(_KID, self.unprotected.get(_KID))
        return found if isinstance(found, bytes) and found else None

    def signed(self, allowed: frozenset[Algorithm]) -> Signed:
        """Return what the signature covers. Raises PassRefused where ``alg`` is not allowed.

        ``alg`` counts in the protected header alone: whoever may change it may choose how the
        signature is looked at.
        """
        number = self.protected.get(_ALG)
        algorithm = COSE_ALGORITHMS.get(number) if type(number) is int else None
        if algorithm is None or algorithm not in allowed:
            raise PassRefused(
                Status.INVALID_SIGNATURE,
                f"The code names the algorithm {_shown(number)}, which passes of this kind never "
                "use, or names none under its signature.",
            )
        # RFC 9052, Section 4.4
        structure = ["Signature1", self.protected_octets, b"", self.payload]
        return Signed(algorithm, cbor.encode(structure), self.signature)


def read_sign1(octets: bytes) -> Sign1:
    """Read a message, tagged as COSE_Sign1, as CWT, as both, or untagged as some issuers do.

    Raises PassRefused (INVALID_ENCODING; NOT_SUPPORTED for critical headers).
    """
    value = cbor.decode(octets)
    if isinstance(value, cbor2.CBORTag) and value.tag == _CWT:
        value = value.value
    if isinstance(value, cbor2.CBORTag) and value.tag == _SIGN1:
        value = value.value
    parts = cbor.plain(value)
    if not isinstance(parts, list) or len(parts) != 4:
        raise bad_encoding("The code holds CBOR, but no COSE_Sign1 message.")
    protected_octets, unprotected, payload, signature = parts
    if not (
        isinstance(protected_octets, bytes)
        and isinstance(unprotected, dict)
        and isinstance(payload, bytes)
        and isinstance(signature, bytes)
    ):
        raise bad_encoding("A part of the COSE_Sign1 message is of the wrong type.")
    # RFC 9052, Section 3: an empty map is encoded as no octets.
    protected = cbor.decode(protected_octets) if protected_octets else {}
    if not isinstance(protected, dict):
        raise bad_encoding("The protected header of the COSE_Sign1 message is not a map.")
    if _CRIT in protected or _CRIT in unprotected:
        raise PassRefused(
            Status.NOT_SUPPORTED, "The code asks for headers that are not known here."
        )
    return Sign1(protected_octets, protected, unprotected, payload, signature)


def read_claims(message: Sign1) -> dict[Any, Any]:
    """Return the claims. Raises PassRefused (INVALID_ENCODING)."""
    claims = cbor.decode(message.payload)
    if not isinstance(claims, dict):
        raise bad_encoding("What is signed is not a map of claims.")
    return claims


def build_sign1(
    payload: bytes,
    protected: Mapping[Any, Any],
    sign: Callable[[bytes], bytes],
    unprotected: Mapping[Any, Any] | None = None,
) -> bytes:
    """Return a tagged message; ``sign`` makes the signature (r and s, or PSS) over octets."""
    header = cbor.encode(dict(protected)) if protected else b""
    signature = sign(cbor.encode(["Signature1", header, b"", payload]))
    return cbor.encode(cbor2.CBORTag(_SIGN1, [header, dict(unprotected or {}), payload, signature]))


def _shown(number: Any) -> str:
    return str(number) if type(number) is int else "(none)"
