"""An OpenID provider on loopback, with real keys: as honest, or as dishonest, as a test wants."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.enrollment.passkeys.authenticator import b64

CLIENT = "camtrust-test"
SECRET = "a secret: of 100 %"


@dataclass
class TestProvider:
    """One provider. ``claims`` go into every token over the true ones; None leaves one out."""

    __test__ = False

    clock: Any
    algorithm: str = "ES256"
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    person: str = "012345678"
    client_key: ECKey | None = None
    away: bool = False
    answer: bytes | None = None  # instead of the token endpoint's own
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    port: int = 0
    signs_with: Any = None

    def __post_init__(self) -> None:
        self.keys = {
            "ES256": ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig"}),
            "RS256": RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"}),
        }

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def authorize(self, url: str, **changes: str) -> str:
        """Be the person at the provider: return the query with which the browser comes back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer} | changes
        return urlencode({name: value for name, value in answer.items() if value})

    def respond(self, path: str, form: dict[str, str], authorization: str) -> tuple[int, bytes]:
        self.asked.append(path)
        if self.away:
            return 503, b"away"
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps(self._metadata()).encode()
        if path == "/keys":
            public = [key.as_dict(private=False) for key in self.keys.values()]
            return 200, json.dumps({"keys": [*public, {"kty": "newer-than-us"}]}).encode()
        if path == "/token":
            return self._token(form, authorization)
        return 404, b""

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_response_iss_parameter_supported": True,
        } | self.metadata

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, bytes]:
        if self.answer is not None:
            return 200, self.answer
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or not self._is_our_client(form, authorization):
            return 400, b'{"error": "invalid_grant"}'
        challenge = b64(sha256(form["code_verifier"].encode()).digest())
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, b'{"error": "invalid_grant"}'
        body = {"access_token": "at", "token_type": "Bearer", "id_token": self.token(asked)}
        return 200, json.dumps(body).encode()

    def token(self, asked: dict[str, str]) -> str:
        now = self.clock.now()
        claims = {
            "iss": self.issuer,
            "sub": "somebody",
            "aud": CLIENT,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(minutes=5)).timestamp()),
            "nonce": asked["nonce"],
            "national_id": self.person,
        } | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.signs_with or self.keys[self.algorithm]
        header = {"alg": self.algorithm, "kid": key.kid}
        return jwt.encode(header, claims, key, algorithms=[self.algorithm])

    def _is_our_client(self, form: dict[str, str], authorization: str) -> bool:
        if self.client_key is None:
            sent = b64decode(authorization.removeprefix("Basic ")).decode()
            return sent == f"{CLIENT}:a%20secret%3A%20of%20100%20%25"
        assertion = jwt.decode(form["client_assertion"], self.client_key, algorithms=["ES256"])
        return (
            assertion.claims["iss"] == assertion.claims["sub"] == CLIENT
            and assertion.claims["aud"] == f"{self.issuer}/token"
            and "jti" in assertion.claims
        )


@contextmanager
def serving(provider: TestProvider) -> Iterator[TestProvider]:
    """Let a provider answer on a port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/authorize?"):
                # The person agrees at once.
                [back] = parse_qs(urlsplit(self.path).query)["redirect_uri"]
                self.send_response(302)
                self.send_header("Location", f"{back}?{provider.authorize(self.path)}")
                self.end_headers()
                return
            self._answer({})

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(sent).items()})

        def _answer(self, form: dict[str, str]) -> None:
            authorization = self.headers.get("Authorization", "")
            status, body = provider.respond(self.path, form, authorization)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
