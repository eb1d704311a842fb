"""The key that signs lists about passes: the document signer of health certificates.

Verifiers know it from the same trust list as the passes themselves. The type of a token
(``typ``) keeps lists and passes apart (RFC 8725, Section 3.11).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from hsm.jose import jws_signature, sign_jws
from signing.passes.codecs import cbor
from signing.passes.codecs.cose import build_sign1
from signing.passes.issuing.signers import HEALTH, DocumentSigners, PassSigner

# RFC 9052, Section 3.1; RFC 9053, Section 2.1; RFC 9596, Section 2; RFC 9360, Section 2.
_ALG, _KID, _TYP, _ES256 = 1, 4, 16, -7


class ListSeal:
    """Signs lists."""

    def __init__(self, signers: DocumentSigners) -> None:
        self._signers = signers

    @property
    def name(self) -> str:
        """Which key signs just now, in hexadecimal. Raises DocumentSignerMissing."""
        return self._signer().key_id.hex()

    def jws(self, payload: bytes, header: Mapping[str, object]) -> str:
        """Return a compact JWS with the signer's kid and certificates (x5c)."""
        signer = self._signer()
        named = {"kid": kid_text(signer.key_id), "x5c": x5c(self._signers.chain(signer.held))}
        return sign_jws(signer.key, payload, header={**named, **header})

    def cwt(self, claims: Mapping[int, Any], media_type: str) -> bytes:
        """Return a COSE_Sign1 message over claims, of that type."""
        signer = self._signer()
        protected = {_ALG: _ES256, _TYP: media_type, _KID: signer.key_id}
        return build_sign1(
            cbor.encode(dict(claims)),
            protected,
            lambda octets: jws_signature(signer.key, octets),
        )

    def _signer(self) -> PassSigner:
        return self._signers.signer(HEALTH)


def kid_text(key_id: bytes) -> str:
    """Return a kid as trust lists write it: base64, with padding."""
    return base64.b64encode(key_id).decode("ascii")


def x5c(certificates: Sequence[bytes]) -> list[str]:
    """Return certificates as a JWK or JWS carries them (RFC 7517, Section 4.7): base64 of DER."""
    return [base64.b64encode(one).decode("ascii") for one in certificates]
