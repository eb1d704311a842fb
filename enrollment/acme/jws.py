"""Flattened JWS as ACME sends them: read strictly, before anything in them is believed.

RFC 8555, Section 6.2, and RFC 7515, Section 7.2.2.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from enrollment.acme import base64url
from enrollment.acme.account_keys import read_jwk, verify_signature
from enrollment.acme.errors import JwsAlgorithmRefused, JwsMalformed, JwsSignatureWrong
from hsm.keys import PublicKey

_MEMBERS = {"protected", "payload", "signature"}
# A CSR with a hundred names fits many times; a header is a few lines.
MOST_OCTETS = 128 * 1024


@dataclass(frozen=True)
class Jws:
    """A JWS that was read, but not verified; ``payload`` is empty in a POST-as-GET."""

    header: Mapping[str, Any]
    payload: bytes
    signature: bytes
    signing_input: bytes

    @property
    def algorithm(self) -> str:
        """The ``alg`` of the header. Raises JwsMalformed."""
        return self.text("alg")

    def text(self, name: str) -> str:
        """Return a header parameter that has to be there. Raises JwsMalformed."""
        value = self.header.get(name)
        if not isinstance(value, str):
            raise JwsMalformed(f"The protected header needs {name}.")
        return value

    def jwk(self) -> PublicKey:
        """Return the key of ``jwk``. Raises AccountKeyRefused."""
        return read_jwk(self.header.get("jwk"))

    def verify(self, key: PublicKey) -> None:
        """Verify the signature. Raises JwsAlgorithmRefused and JwsSignatureWrong."""
        verify_signature(key, self.algorithm, self.signature, self.signing_input)

    def verify_mac(self, key: bytes) -> None:
        """Verify an HMAC with SHA-256. Raises JwsAlgorithmRefused and JwsSignatureWrong."""
        if self.algorithm != "HS256":  # RFC 8555, Section 7.3.4: a MAC-based algorithm
            raise JwsAlgorithmRefused("The binding's MAC is HS256.", algorithms=["HS256"])
        expected = hmac.new(key, self.signing_input, sha256).digest()
        if not hmac.compare_digest(expected, self.signature):
            raise JwsSignatureWrong("The MAC does not verify.")


def read_jws(body: bytes) -> Jws:
    """Read the octets of a flattened JWS. Raises JwsMalformed."""
    if len(body) > MOST_OCTETS:
        raise JwsMalformed(f"A JWS has at most {MOST_OCTETS} octets here.")
    return jws_of(read_json(body))


def jws_of(document: object) -> Jws:
    """Read a JWS out of a parsed document. Raises JwsMalformed."""
    # No unprotected header and no list of signatures: RFC 8555, Section 6.2.
    if not isinstance(document, dict) or set(document) != _MEMBERS:
        raise JwsMalformed("A JWS here has protected, payload and signature, and nothing else.")
    header = read_json(base64url.decode(document["protected"]))
    if not isinstance(header, dict):
        raise JwsMalformed("The protected header is no object.")
    if {"crit", "b64"} & set(header):
        # RFC 7515, Section 4.1.11; RFC 8555, Section 6.2, forbids unencoded payloads.
        raise JwsMalformed("No extension of JWS is understood here.")
    return Jws(
        header=header,
        payload=base64url.decode(document["payload"]),
        signature=base64url.decode(document["signature"]),
        signing_input=f"{document['protected']}.{document['payload']}".encode("ascii"),
    )


def read_json(octets: bytes) -> Any:
    """Parse JSON in which each member stands once (RFC 7493). Raises JwsMalformed."""
    try:
        return json.loads(octets.decode(), parse_constant=_no_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise JwsMalformed("This is not valid JSON.") from error


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members
