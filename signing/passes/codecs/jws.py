"""JWS in its compact form (RFC 7515, Section 7.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from signing.passes.codecs import base64url, strict_json
from signing.passes.codecs.signatures import Algorithm, Signed
from signing.passes.errors import PassRefused, bad_encoding
from signing.passes.statuses import Status

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\Z")


@dataclass(frozen=True)
class Jws:
    """Header and payload, and what is signed."""

    header: dict[str, Any]
    payload: bytes
    signing_input: bytes
    signature: bytes

    @property
    def key_id(self) -> str | None:
        """The kid of the header."""
        found = self.header.get("kid")
        return found if isinstance(found, str) and found else None

    def signed(self, allowed: frozenset[Algorithm]) -> Signed:
        """Return what the signature covers. Raises PassRefused where ``alg`` is not allowed."""
        name = self.header.get("alg")
        if not isinstance(name, str) or name not in allowed:
            raise PassRefused(
                Status.INVALID_SIGNATURE,
                "The code names an algorithm that passes of this kind never use.",
            )
        return Signed(Algorithm(name), self.signing_input, self.signature)


def is_compact(text: str) -> bool:
    """Tell whether a text has the form of a compact JWS."""
    return _COMPACT.match(text) is not None


def read_compact(text: str) -> Jws:
    """Read header, payload and signature. Raises PassRefused."""
    if not is_compact(text):
        raise bad_encoding("The code holds no compact JWS: three parts in base64url.")
    head, payload, signature = text.split(".")
    header = strict_json.loads(base64url.decode(head, what="The header of the JWS"))
    if not isinstance(header, dict):
        raise bad_encoding("The header of the JWS is not an object.")
    if "crit" in header:
        # RFC 7515, Section 4.1.11
        raise PassRefused(
            Status.NOT_SUPPORTED, "The code asks for headers that are not known here."
        )
    return Jws(
        header=header,
        payload=base64url.decode(payload, what="The payload of the JWS"),
        signing_input=f"{head}.{payload}".encode(),
        signature=base64url.decode(signature, what="The signature of the JWS"),
    )
