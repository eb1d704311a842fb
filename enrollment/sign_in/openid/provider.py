"""The provider: its metadata and its keys, asked for once in a while and kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from core.clock import Clock
from enrollment.sign_in.openid.errors import ProviderUnavailable
from enrollment.sign_in.openid.outgoing import Fetched, Outgoing
from enrollment.sign_in.openid.settings import is_spoken_to

# Keys are rolled over days; a provider that moved is found within the hour.
KEPT_FOR = timedelta(hours=1)
# A token under an unknown key may mean new keys. Whoever sends such tokens causes this much.
ASKED_AGAIN_AFTER = timedelta(minutes=1)
# A provider that is away costs one thread its time-out once in so long, not every thread always.
LEFT_ALONE_FOR = timedelta(seconds=15)
TURN_SECONDS = 1.0
OK = 200
_MOST_KEYS = 50


@dataclass(frozen=True)
class Metadata:
    """What the provider says of itself (OpenID Connect Discovery 1.0, Section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    names_itself: bool  # RFC 9207, Section 3


class Provider:
    """Knows one provider. One object for a process; it may be asked by several threads."""

    def __init__(self, *, issuer: str, outgoing: Outgoing, clock: Clock) -> None:
        self._issuer = issuer
        self._outgoing = outgoing
        self._clock = clock
        self._lock = threading.Lock()
        self._metadata: tuple[datetime, Metadata] | None = None
        self._keys: tuple[datetime, KeySet] | None = None
        self._left_alone_until: datetime | None = None

    def metadata(self) -> Metadata:
        """Return the provider's metadata. Raises ProviderUnavailable."""
        with self._turn():
            return self._known_metadata()

    def keys(self, *, again: bool = False) -> KeySet:
        """Return the provider's keys; ``again`` where a token names one that is not among them.

        Raises ProviderUnavailable.
        """
        with self._turn():
            now = self._clock.now()
            patience = ASKED_AGAIN_AFTER if again else KEPT_FOR
            if self._keys is None or now - self._keys[0] >= patience:
                fetched = self._asked(self._known_metadata().jwks_uri)
                self._keys = now, _key_set(document_in(fetched))
            return self._keys[1]

    def _known_metadata(self) -> Metadata:
        now = self._clock.now()
        if self._metadata is None or now - self._metadata[0] >= KEPT_FOR:
            # OpenID Connect Discovery, Section 4.1.
            url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
            self._metadata = now, self._checked(document_in(self._asked(url)))
        return self._metadata[1]

    def _asked(self, url: str) -> Fetched:
        now = self._clock.now()
        if self._left_alone_until is not None and now < self._left_alone_until:
            raise ProviderUnavailable("The provider was away a moment ago.")
        try:
            fetched = self._outgoing.get(url)
        except ProviderUnavailable:
            self._left_alone_until = self._clock.now() + LEFT_ALONE_FOR
            raise
        self._left_alone_until = None
        return fetched

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=TURN_SECONDS):
            raise ProviderUnavailable("The provider is being asked; try again in a moment.")
        try:
            yield
        finally:
            self._lock.release()

    def _checked(self, document: dict[str, Any]) -> Metadata:
        # Section 4.3: the very issuer that was asked, or it speaks for somebody else.
        if document.get("issuer") != self._issuer:
            raise ProviderUnavailable("The provider's metadata are of another issuer.")
        return Metadata(
            issuer=self._issuer,
            authorization_endpoint=_url(document, "authorization_endpoint"),
            token_endpoint=_url(document, "token_endpoint"),
            jwks_uri=_url(document, "jwks_uri"),
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        )


def document_in(fetched: Fetched) -> dict[str, Any]:
    """Return the JSON object of an answer. Raises ProviderUnavailable."""
    if fetched.status != OK:
        raise ProviderUnavailable("The provider refused a question of ours.")
    try:
        document = json.loads(fetched.body)
    except (ValueError, RecursionError) as error:
        raise ProviderUnavailable("The provider's answer is not JSON.") from error
    if not isinstance(document, dict):
        raise ProviderUnavailable("The provider's answer is not a JSON object.")
    return document


def _url(document: dict[str, Any], name: str) -> str:
    url = document.get(name)
    if not isinstance(url, str) or not is_spoken_to(url):
        raise ProviderUnavailable("The provider's metadata name no usable addresses.")
    return url


def _key_set(document: dict[str, Any]) -> KeySet:
    keys = document.get("keys")
    if not isinstance(keys, list) or len(keys) > _MOST_KEYS:
        raise ProviderUnavailable("The provider's keys cannot be read.")
    # RFC 7517, Section 5: a key of a kind that is not known here is left out; a MAC's secret, which
    # has no place in public, too.
    known = []
    for one in keys:
        if not isinstance(one, dict) or one.get("kty") == "oct" or one.get("use") == "enc":
            continue
        try:
            known += KeySet.import_key_set({"keys": [one]}).keys
        except (JoseError, ValueError, KeyError, TypeError):
            continue
    return KeySet(known)
