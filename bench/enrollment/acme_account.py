"""An ACME account's signed requests (RFC 8555, Section 6), the same for every server."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from bench.enrollment.http import Answer, Connection

JOSE = "application/jose+json"
# RFC 8555, Section 6.5: a nonce may be refused; the answer brings another.
MOST_TRIES = 5


class ServerRefused(click.ClickException):
    """A server refused what every ACME client does; the message has its answer."""


@dataclass
class Account:
    """A key with its URL, and where the server has what."""

    key: ec.EllipticCurvePrivateKey
    directory: dict[str, Any]
    url: str | None = None


class Session:
    """Requests of one account over one connection; each takes the nonce of the answer before."""

    def __init__(self, account: Account, connection: Connection) -> None:
        self._account = account
        self._connection = connection
        self._nonce: str | None = None

    def post(self, url: str, payload: Any) -> Answer:
        """Send a request; ``payload`` None is POST-as-GET. Raises ServerRefused."""
        for _ in range(MOST_TRIES):
            answer = self._post(url, payload)
            if answer.status < 400:
                return answer
            if b"badNonce" not in answer.body:
                break
        raise ServerRefused(f"{url}: {answer.status} {answer.body[:500].decode(errors='replace')}")

    def register(self, *, kid: str | None, secret: str | None) -> None:
        """Make the account, bound to ``kid`` if there is one. Raises ServerRefused."""
        url = self._account.directory["newAccount"]
        wish: dict[str, Any] = {"termsOfServiceAgreed": True}
        if kid is not None and secret is not None:
            wish["externalAccountBinding"] = _binding(kid, secret, self._account.key, url)
        wish["contact"] = ["mailto:webmaster@example.com"]
        self._account.url = self.post(url, wish).headers["location"]

    def _post(self, url: str, payload: Any) -> Answer:
        header = {"alg": "ES256", "nonce": self._take_nonce(), "url": url, **self._who()}
        document = json.dumps(_signed(self._account.key, header, payload)).encode()
        answer = self._connection.send("POST", url, document, media_type=JOSE)
        self._nonce = answer.headers.get("replay-nonce")
        return answer

    def _who(self) -> dict[str, Any]:
        if self._account.url is None:
            return {"jwk": _jwk(self._account.key)}
        return {"kid": self._account.url}

    def _take_nonce(self) -> str:
        nonce, self._nonce = self._nonce, None
        if nonce is None:
            answer = self._connection.send("HEAD", self._account.directory["newNonce"])
            nonce = answer.headers["replay-nonce"]
        return nonce


def base64url(octets: bytes) -> str:
    """Return octets as ACME writes them (RFC 8555, Section 6.1)."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _encoded(value: Any) -> str:
    return "" if value is None else base64url(json.dumps(value).encode())


def _jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    x, y = (base64url(one.to_bytes(32, "big")) for one in (numbers.x, numbers.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def _signed(key: ec.EllipticCurvePrivateKey, header: Any, payload: Any) -> dict[str, str]:
    protected, body = _encoded(header), _encoded(payload)
    signature = key.sign(f"{protected}.{body}".encode(), ec.ECDSA(SHA256()))
    octets = b"".join(one.to_bytes(32, "big") for one in decode_dss_signature(signature))
    return {"protected": protected, "payload": body, "signature": base64url(octets)}


def _binding(kid: str, secret: str, key: ec.EllipticCurvePrivateKey, url: str) -> dict[str, str]:
    # RFC 8555, Section 7.3.4.
    protected = _encoded({"alg": "HS256", "kid": kid, "url": url})
    payload = _encoded(_jwk(key))
    mac_key = urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    mac = hmac.digest(mac_key, f"{protected}.{payload}".encode(), "sha256")
    return {"protected": protected, "payload": payload, "signature": base64url(mac)}
