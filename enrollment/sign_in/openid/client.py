"""Who we are to the provider, and the exchange of a code for an ID token (RFC 6749, RFC 7523)."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from authlib.oauth2.rfc7523 import private_key_jwt_sign
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from core.clock import Clock
from core.settings import SettingsRefused
from enrollment.sign_in.openid.errors import ProviderAnswerRefused
from enrollment.sign_in.openid.outgoing import Outgoing
from enrollment.sign_in.openid.provider import Provider, document_in

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# RFC 7523, Section 3: short, since it is used at once.
ASSERTION_SECONDS = 60
_KEYS: dict[str, Any] = {"RS": RSAKey, "PS": RSAKey, "ES": ECKey, "Ed": OKPKey}
# RFC 6749, Section 5.2: the code, or we, are refused.
_REFUSALS = (400, 401)


class ClientProof(Protocol):
    """Proves to the token endpoint who asks."""

    def added(self, token_endpoint: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return what is added to the form, and to the headers."""


class SecretProof:
    """A shared secret, by HTTP Basic (RFC 6749, Section 2.3.1)."""

    def __init__(self, *, client_id: str, secret_file: Path) -> None:
        self._client_id = client_id
        self._secret = _read(secret_file).strip()

    def added(self, token_endpoint: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return the Authorization header."""
        pair = f"{quote(self._client_id, safe='')}:{quote(self._secret, safe='')}"
        return {}, {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


class KeyProof:
    """A private key of ours (RFC 7523, Section 2.2): the provider keeps no secret."""

    def __init__(
        self, *, client_id: str, key_file: Path, key_id: str | None, algorithm: str, clock: Clock
    ) -> None:
        self._client_id = client_id
        self._header = {} if key_id is None else {"kid": key_id}
        self._algorithm = algorithm
        self._clock = clock
        try:
            self._key = _KEYS[algorithm[:2]].import_key(_read(key_file))
        except (KeyError, ValueError, JoseError) as error:
            raise SettingsRefused(
                f"sign_in.openid.private_key_file: no key for {algorithm}"
            ) from error

    def added(self, token_endpoint: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return the signed assertion."""
        assertion = private_key_jwt_sign(
            self._key,
            client_id=self._client_id,
            token_endpoint=token_endpoint,
            alg=self._algorithm,
            header=dict(self._header),
            issued_at=int(self._clock.now().timestamp()),
            expires_in=ASSERTION_SECONDS,
        )
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}, {}


class CodeExchange:
    """Exchanges codes at the provider's token endpoint."""

    def __init__(
        self, *, provider: Provider, outgoing: Outgoing, client_id: str, proof: ClientProof
    ) -> None:
        self._provider = provider
        self._outgoing = outgoing
        self._client_id = client_id
        self._proof = proof

    def tokens(self, *, code: str, code_verifier: str, redirect_uri: str) -> dict[str, Any]:
        """Return the token endpoint's answer. Raises ProviderAnswerRefused, ProviderUnavailable."""
        endpoint = self._provider.metadata().token_endpoint
        fields, headers = self._proof.added(endpoint)
        fields |= {
            "grant_type": "authorization_code",
            "client_id": self._client_id,
            "code": code,
            "code_verifier": code_verifier,
            "redirect_uri": redirect_uri,
        }
        fetched = self._outgoing.post_form(endpoint, fields, headers)
        if fetched.status in _REFUSALS:
            raise ProviderAnswerRefused("The provider does not know this sign-in. Begin again.")
        return document_in(fetched)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"sign_in.openid: {path.name} cannot be read") from error
