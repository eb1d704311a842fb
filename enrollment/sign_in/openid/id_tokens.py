"""ID tokens, judged as OpenID Connect Core 1.0, Section 3.1.3.7 says; its steps by number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from core.clock import Clock
from enrollment.sign_in.openid.errors import ProviderAnswerRefused
from enrollment.sign_in.openid.provider import Provider

# Clocks of providers and ours differ by seconds.
LEEWAY = timedelta(seconds=60)
LONGEST = 16_384


class IdTokens:
    """Judges the ID tokens of one provider."""

    def __init__(
        self, *, provider: Provider, client_id: str, algorithms: Sequence[str], clock: Clock
    ) -> None:
        self._provider = provider
        self._client_id = client_id
        self._algorithms = list(algorithms)
        self._clock = clock

    def claims(self, token: object, *, nonce: str, access_token: object) -> dict[str, Any]:
        """Return what a token says. Raises ProviderAnswerRefused and ProviderUnavailable."""
        if not isinstance(token, str) or len(token) > LONGEST:
            raise _refused()
        try:
            decoded = self._decoded(token)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                # Steps 2 and 3.
                options={
                    "iss": {"essential": True, "value": self._provider.metadata().issuer},
                    "aud": {"essential": True, "value": self._client_id},
                },
                params={
                    "nonce": nonce,
                    "client_id": self._client_id,
                    "access_token": access_token if isinstance(access_token, str) else None,
                },
            )
            # Steps 4, 5 and 9 to 11: azp, exp, iat, nonce; at_hash (Section 3.1.3.8).
            claims.validate(
                now=int(self._clock.now().timestamp()), leeway=int(LEEWAY.total_seconds())
            )
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _refused() from error
        return dict(claims)

    def _decoded(self, token: str) -> jwt.Token:
        # Steps 6 to 8: the signature, under an algorithm of our list and a key of the provider's.
        keys = self._provider.keys()
        try:
            return self._decode(token, keys)
        except (InvalidKeyIdError, ValueError):
            return self._decode(token, self._provider.keys(again=True))

    def _decode(self, token: str, keys: KeySet) -> jwt.Token:
        return jwt.decode(token, keys, algorithms=self._algorithms)


def _refused() -> ProviderAnswerRefused:
    return ProviderAnswerRefused("Sign in once more; if it fails again, take another way.")
