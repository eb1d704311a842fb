"""External account binding: which grant a new account belongs to (RFC 8555, Section 7.3.4)."""

from __future__ import annotations

from typing import Protocol

from core.errors import Forbidden, NotFound
from enrollment.acme.account_keys import jwk_of, read_jwk
from enrollment.acme.errors import BindingMissing, BindingRefused, JwsMalformed, JwsSignatureWrong
from enrollment.acme.jws import jws_of, read_json
from enrollment.acme.settings import AcmeSettings
from enrollment.grants.grant import Grant, GrantProtocol
from hsm.keys import PublicKey

# What the MAC's key is derived for; it is handed over in base64url.
PURPOSE = "acme-eab"
REFUSED = "The binding names no grant that is open, or its MAC is wrong."


class GrantLookup(Protocol):
    """Finds grants."""

    def usable(self, grant_id: str, protocol: GrantProtocol) -> Grant:
        """Return an active grant. Raises GrantUnknown and GrantNotActive."""


class SecretSource(Protocol):
    """Derives what a grant's client was handed."""

    def secret_of(self, grant_id: str, purpose: str) -> bytes:
        """Return the secret's octets. Raises TokenUnavailable."""


class ExternalBinding:
    """Checks bindings."""

    def __init__(
        self, *, grants: GrantLookup, secrets: SecretSource, settings: AcmeSettings
    ) -> None:
        self._grants = grants
        self._secrets = secrets
        self._settings = settings

    def grant_for(self, binding: object, *, key: PublicKey, url: str) -> Grant:
        """Return the grant that a new account with ``key`` belongs to.

        Raises BindingMissing, BindingRefused (in the same words whether the grant is unknown,
        closed or another's), JwsMalformed, JwsAlgorithmRefused and TokenUnavailable.
        """
        if binding is None:
            if self._settings.external_account_required:
                raise BindingMissing("Ask your registration officer for a grant's key.")
            return self._usable(self._settings.open_grant)
        jws = jws_of(binding)
        # RFC 8555, Section 7.3.4: no nonce, the outer url, and the account key as payload.
        if "nonce" in jws.header or jws.text("url") != url:
            raise JwsMalformed("The binding has the outer url, and no nonce.")
        if jwk_of(read_jwk(read_json(jws.payload))) != jwk_of(key):
            raise BindingRefused("The binding is for another account key.")
        grant = self._usable(jws.text("kid"))
        try:
            jws.verify_mac(self._secrets.secret_of(grant.id, PURPOSE))
        except JwsSignatureWrong as error:
            raise BindingRefused(REFUSED) from error
        return grant

    def _usable(self, grant_id: str) -> Grant:
        try:
            return self._grants.usable(grant_id, GrantProtocol.ACME)
        except (NotFound, Forbidden) as error:
            raise BindingRefused(REFUSED) from error
