"""A program of the ministry, and a signer at a browser, before the app of a home with keys."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask.testing import FlaskClient

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from core.access import Permission, Principal, Role
from core.web.session_cookie import COOKIE
from enrollment.clients.client import AuthMethod, ClientDetails
from enrollment.clients.keys import read_client_key
from enrollment.sessions.sessions import SignInMethod
from tests.enrollment.clients.signing import ProgramKey
from tests.signing.world import MINISTRY, PERSON, PIN, SEAL_PIN, SigningWorld, digest

SHA256_OID = "2.16.840.1.101.3.4.2.1"
ECDSA_SHA256 = "1.2.840.10045.4.3.2"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
BACK = "https://documents.examples.example/signed"
NUMBERS = itertools.count(1)


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def b64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


@dataclass
class Program:
    """A program: registered, with a key, a token, and what it does with them."""

    world: SigningWorld
    http: FlaskClient
    id: str
    key: ProgramKey
    token: str = ""
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def url(self) -> str:
        return self.world.services.settings.serve.public_url

    def assertion(self, **changes: Any) -> str:
        claims = {"aud": f"{self.url}/csc/v2/oauth2/token", **changes}
        return self.key.assertion(self.id, self.world.clock.now(), **claims)

    def ask_token(self, **form: Any) -> Any:
        """Ask for a token; None leaves a parameter out."""
        sent = {
            "grant_type": "client_credentials",
            "client_assertion_type": JWT_BEARER,
            "client_assertion": self.assertion(),
        } | form
        given = {name: value for name, value in sent.items() if value is not None}
        return self.http.post("/csc/v2/oauth2/token", data=given)

    def sign_in(self) -> Program:
        self.token = self.ask_token().get_json()["access_token"]
        return self

    def call(self, method: str, token: str | None = None, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return self.http.post(f"/csc/v2/{method}", json=body, headers=headers)

    def authorize_seal(self, *texts: str, **changes: Any) -> Any:
        """credentials/authorize for the ministry's seal."""
        seal = self.world.seal.id
        hashes = [b64(digest(one)) for one in texts]
        proof = self.assertion(credentialID=seal, hashes=hashes)
        body = {
            "credentialID": seal,
            "numSignatures": len(hashes),
            "hashes": hashes,
            "hashAlgorithmOID": SHA256_OID,
            "authData": [
                {"id": "PIN", "value": SEAL_PIN},
                {"id": "client_assertion", "value": proof},
            ],
        } | changes
        return self.call("credentials/authorize", **body)

    def sad(self, *texts: str) -> str:
        sad: str = self.authorize_seal(*texts).get_json()["SAD"]
        return sad

    def sign_hash(self, sad: str | None, *texts: str, **changes: Any) -> Any:
        body = {
            "credentialID": self.world.seal.id,
            "SAD": sad,
            "hashes": [b64(digest(one)) for one in texts],
            "hashAlgorithmOID": SHA256_OID,
            "signAlgo": ECDSA_SHA256,
        } | changes
        kept = {name: value for name, value in body.items() if value is not None}
        return self.call("signatures/signHash", **kept)

    def authorization_url(self, *texts: str, **changes: Any) -> str:
        """Where the signer's browser is sent."""
        challenge = b64url(hashlib.sha256(self.verifier.encode()).digest())
        query = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": BACK,
            "scope": "credential" if texts else "service",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "state": "state-1",
        }
        if texts:
            query |= {
                "credentialID": self.world.person.id,
                "numSignatures": str(len(texts)),
                "hashes": ",".join(b64url(digest(one)) for one in texts),
                "hashAlgorithmOID": SHA256_OID,
            }
        given = {name: one for name, one in (query | changes).items() if one is not None}
        return f"/csc/v2/oauth2/authorize?{urlencode(given)}"

    def redeem(self, code: str, **changes: Any) -> Any:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": self.verifier,
            "redirect_uri": BACK,
        } | changes
        return self.ask_token(**form)


@dataclass
class Signer:
    """The person at a browser, signed in unless ``signed_in`` is false."""

    world: SigningWorld
    http: FlaskClient

    def open(self, url: str) -> Any:
        return self.http.get(url, headers={"Accept-Language": "en"})

    def arrive(self, url: str) -> str:
        """Follow a program's link; return the page's own path."""
        answer = self.open(url)
        assert answer.status_code == 303, answer.text
        return str(answer.location)

    def send(self, path: str, **fields: str) -> Any:
        cookie = self.http.get_cookie("__Host-form")
        token = "" if cookie is None else cookie.value
        return self.http.post(
            path, data={"form_token": token, **fields}, headers={"Accept-Language": "en"}
        )

    def confirm(self, path: str) -> str:
        """What the passkey answers to the page's question."""
        question = self.send(f"{path}/question")
        assert question.status_code == 200, question.text
        return self.world.device.get(json.loads(question.data))

    def sign(self, url: str, pin: str = PIN) -> Any:
        """Look at the page, and sign."""
        path = self.arrive(url)
        assert self.open(path).status_code == 200
        return self.send(path, pin=pin, assertion=self.confirm(path))


def answer_in(response: Any) -> dict[str, str]:
    """What a redirect back to the program says."""
    assert response.status_code == 303, response.text
    assert response.location.startswith(BACK)
    return {name: one[0] for name, one in parse_qs(urlsplit(response.location).query).items()}


def client_of(world: SigningWorld, listener: Listener = Listener.PUBLIC) -> FlaskClient:
    return create_app(app_parts(world.services), listener).test_client()


def program(
    world: SigningWorld,
    *,
    institution: str | None = MINISTRY.id,
    scope: str = "signature:request",
    http: FlaskClient | None = None,
) -> Program:
    key, client_id = ProgramKey(), f"{next(NUMBERS):032x}"
    made = world.services.registration.programs.clients.register(
        ClientDetails(
            "Documents of the ministry",
            institution,
            AuthMethod.PRIVATE_KEY_JWT,
            (Permission(scope),),
        ),
        [read_client_key(key.jwk)],
        by=Principal("registrar", Role.RA_OFFICER),
        client_id=client_id,
    )
    assert made.is_usable
    world.services.csc.addresses.add(client_id, BACK, by="registrar")
    return Program(world, http or client_of(world), client_id, key)


def signer(world: SigningWorld, http: FlaskClient, person: str = PERSON.id) -> Signer:
    token = world.services.registration.subscribers.sessions.open(
        person, method=SignInMethod.PASSKEY
    )
    http.set_cookie(COOKIE, token)
    return Signer(world, http)


def words(html: str) -> str:
    """What a page says."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
