"""A program's own side: its key, its JWK, and the assertions that it signs, by PyJWT."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

AUDIENCE = "https://pki.example/enrollment/v1/token"


@dataclass
class ProgramKey:
    """A key of a program, and how it signs with it."""

    private: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def jwk(self) -> dict[str, Any]:
        public = self.private.public_key()
        algorithm: Any = {
            rsa.RSAPrivateKey: RSAAlgorithm,
            ed25519.Ed25519PrivateKey: OKPAlgorithm,
        }
        for kind, one in algorithm.items():
            if isinstance(self.private, kind):
                return dict(json.loads(one.to_jwk(public)))
        return dict(json.loads(ECAlgorithm.to_jwk(public)))

    @property
    def algorithm(self) -> str:
        if isinstance(self.private, rsa.RSAPrivateKey):
            return "PS256"
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return "EdDSA"
        return "ES384" if self.private.curve.name == "secp384r1" else "ES256"

    def assertion(self, client: str, now: datetime, **changes: Any) -> str:
        """A good assertion, but for ``changes``; None leaves a claim out."""
        header = changes.pop("header", {})
        claims = {
            "iss": client,
            "sub": client,
            "aud": AUDIENCE,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(minutes=1)).timestamp()),
            "jti": secrets.token_hex(8),
        } | changes
        kept = {name: value for name, value in claims.items() if value is not None}
        # PyJWT itself refuses to make some of what has to be refused here.
        return jwt.PyJWS().encode(
            json.dumps(kept).encode(), self.private, algorithm=self.algorithm, headers=header
        )
