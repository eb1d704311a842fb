"""A passkey in software, for people of the demonstration: it holds one key and asks nobody.

Web Authentication Level 3, Sections 6.1 (authenticator data) and 6.5 (attestation, "none").
"""

from __future__ import annotations

import base64
import json
import secrets
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

# Section 6.1: user present, user verified, attested credential data included.
_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40
# RFC 9053, Section 7.1.1: an EC2 key for ES256 on P-256.
_KTY, _ALG, _CRV, _X, _Y = 1, 3, -1, -2, -3


class SoftwarePasskey:
    """One passkey for one origin."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = secrets.token_bytes(32)
        self._user = b""

    def create(self, options: dict[str, Any]) -> str:
        """Answer navigator.credentials.create()."""
        self._user = _octets(options["user"]["id"])
        numbers = self._key.public_key().public_numbers()
        x, y = (one.to_bytes(32, "big") for one in (numbers.x, numbers.y))
        public = cbor2.dumps({_KTY: 2, _ALG: -7, _CRV: 1, _X: x, _Y: y})
        attested = bytes(16) + len(self._id).to_bytes(2, "big") + self._id + public
        data = _data(options["rp"]["id"], _PRESENT | _VERIFIED | _ATTESTED) + attested
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            clientDataJSON=self._client_data("webauthn.create", options["challenge"]),
            attestationObject=statement,
        )

    def get(self, options: dict[str, Any]) -> str:
        """Answer navigator.credentials.get()."""
        data = _data(options["rpId"], _PRESENT | _VERIFIED)
        client_data = self._client_data("webauthn.get", options["challenge"])
        signed = data + sha256(client_data).digest()
        return self._answer(
            clientDataJSON=client_data,
            authenticatorData=data,
            signature=self._key.sign(signed, ec.ECDSA(SHA256())),
            userHandle=self._user,
        )

    def _client_data(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self._origin}
        return json.dumps(said).encode()

    def _answer(self, **response: bytes) -> str:
        name = _text(self._id)
        texts = {member: _text(value) for member, value in response.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": texts})


def _data(rp_id: str, flags: int) -> bytes:
    # A counter that stays 0 is none.
    return sha256(rp_id.encode()).digest() + bytes([flags]) + bytes(4)


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
