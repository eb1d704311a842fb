"""The key that signs summaries and announcements, and the set of keys that verify them.

A key of its own in a token: it signs no document and has no certificate. A summary names it.
Deactivated keys stay in the set, since paper outlives them; compromised and destroyed ones leave
it.
"""

from __future__ import annotations

from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from core.errors import Unavailable
from hsm.jose import public_jwk
from hsm.keys import KeyAlgorithm, KeyRecord, KeyState, KeyStore, SigningKey
from signing.documents.verification.summary import KID_OCTETS

LABEL = "document summaries"
# NIST SP 800-57 Part 1, Section 7.4: a deactivated key still verifies.
_VERIFYING = {KeyState.ACTIVE, KeyState.DEACTIVATED}


class SummaryKeyMissing(Unavailable):
    """There is no active key that signs summaries."""

    problem = "summary-key-missing"
    title = "There is no key for the summaries of stamps"


class SummaryKeys:
    """Finds the keys of summaries in one token."""

    def __init__(self, *, keys: KeyStore, token: str) -> None:
        self._keys = keys
        self._token = token

    def signing_key(self) -> SigningKey:
        """Return the newest active key. Raises SummaryKeyMissing, TokenUnavailable."""
        active = [one for one in self._records() if one.state is KeyState.ACTIVE]
        if not active:
            raise SummaryKeyMissing(
                f"Token {self._token} has no active key labelled “{LABEL}”: run `camtrust init`.",
                kept="Nothing was signed.",
            )
        return self._keys.signing_key(active[-1].key_id)

    def make(self) -> bool:
        """Make a key unless there is an active one; return whether it was made."""
        if any(one.state is KeyState.ACTIVE for one in self._records()):
            return False
        record = self._keys.generate(token=self._token, label=LABEL, algorithm=KeyAlgorithm.EC_P256)
        self._keys.change_state(record.key_id, KeyState.ACTIVE, reason="signs stamps' summaries")
        return True

    def public_key(self, kid: bytes) -> EllipticCurvePublicKey | None:
        """Return the key of this name, if it verifies."""
        return next((key for name, key in self._verifying() if name == kid), None)

    def key_set(self) -> dict[str, list[dict[str, str]]]:
        """Return the JWK set (RFC 7517, Section 5); ``kid`` is hexadecimal."""
        return {
            "keys": [
                {**public_jwk(key), "alg": "ES256", "kid": kid.hex(), "use": "sig"}
                for kid, key in self._verifying()
            ]
        }

    def _verifying(self) -> Iterator[tuple[bytes, EllipticCurvePublicKey]]:
        for record in self._records():
            key = load_der_public_key(record.public_key_der)
            if record.state in _VERIFYING and isinstance(key, EllipticCurvePublicKey):
                yield record.key_id[:KID_OCTETS], key

    def _records(self) -> list[KeyRecord]:
        return [
            one for one in self._keys.records() if (one.token, one.label) == (self._token, LABEL)
        ]
