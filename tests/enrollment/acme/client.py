"""A small ACME client, which can be told to do each thing wrong."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from flask.testing import FlaskClient

JOSE = "application/jose+json"
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def b64(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def encoded(value: Any) -> str:
    return "" if value is None else b64(json.dumps(value).encode())


def jwk_of(key: PrivateKey) -> dict[str, str]:
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_numbers()
        modulus = public.n.to_bytes(key.key_size // 8, "big")
        return {"e": b64(public.e.to_bytes(3, "big")), "kty": "RSA", "n": b64(modulus)}
    numbers = key.public_key().public_numbers()
    x, y = (one.to_bytes(32, "big") for one in (numbers.x, numbers.y))
    return {"crv": "P-256", "kty": "EC", "x": b64(x), "y": b64(y)}


def sign(key: PrivateKey, header: Mapping[str, Any], payload: Any) -> Any:
    """A flattened JWS with ES256 or RS256; ``payload`` None is POST-as-GET."""
    protected, body = encoded(header), encoded(payload)
    signature = b64(_signature(key, f"{protected}.{body}".encode()))
    return {"protected": protected, "payload": body, "signature": signature}


def _signature(key: PrivateKey, octets: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(octets, padding.PKCS1v15(), SHA256())
    r, s = decode_dss_signature(key.sign(octets, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def binding(kid: str, secret: bytes, key: PrivateKey, url: str) -> Any:
    """An external account binding (RFC 8555, Section 7.3.4)."""
    protected = encoded({"alg": "HS256", "kid": kid, "url": url})
    payload = encoded(jwk_of(key))
    mac = hmac.digest(secret, f"{protected}.{payload}".encode(), sha256)
    return {"protected": protected, "payload": payload, "signature": b64(mac)}


class AcmeClient:
    """Sends signed requests; each takes the nonce of the answer before."""

    def __init__(self, client: FlaskClient, public_url: str) -> None:
        self.client = client
        self.public_url = public_url
        self.key: PrivateKey = ec.generate_private_key(ec.SECP256R1())
        self.account: str | None = None

    def url(self, path: str) -> str:
        return f"{self.public_url}/acme{path}"

    def nonce(self) -> str:
        return str(self.client.get("/acme/new-nonce").headers["Replay-Nonce"])

    def send(self, path: str, document: Any) -> Any:
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        path = path.removeprefix(self.public_url).removeprefix("/acme")
        return self.client.post(f"/acme{path}", data=data, content_type=JOSE)

    def header(self, path: str, **changes: Any) -> dict[str, Any]:
        who = {"jwk": jwk_of(self.key)} if self.account is None else {"kid": self.account}
        url = path if path.startswith("http") else self.url(path)
        algorithm = "RS256" if isinstance(self.key, rsa.RSAPrivateKey) else "ES256"
        header = {"alg": algorithm, "nonce": self.nonce(), "url": url, **who, **changes}
        return {name: value for name, value in header.items() if value is not None}

    def post(self, path: str, payload: Any, *, key: Any = None, **changes: Any) -> Any:
        return self.send(path, sign(key or self.key, self.header(path, **changes), payload))

    def register(self, grant_id: str, secret: bytes) -> Any:
        bound = binding(grant_id, secret, self.key, self.url("/new-account"))
        answer = self.post(
            "/new-account", {"termsOfServiceAgreed": True, "externalAccountBinding": bound}
        )
        if answer.status_code in {200, 201}:
            self.account = answer.headers["Location"]
        return answer

    def order(self, *names: str, **more: Any) -> Any:
        identifiers = [{"type": "dns", "value": name} for name in names]
        return self.post("/new-order", {"identifiers": identifiers, **more})
