"""Keys that are kept by others: made in a token, wrapped, and handed out; recorded nowhere here.

For keys of which there are hundreds of thousands, and which somebody seals once more before they
are stored (:mod:`signing.credentials`). Nothing in ``hsm`` lists them, so nothing here grows with
them. Each use unwraps the key in the token, signs all that was asked, and destroys it there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm.algorithms import TOKEN_ALGORITHMS
from hsm.digests import SigningRequest, check_request, sign_digest
from hsm.generation import generate_pair, provenance_of
from hsm.key_encryption import WrappedKey, unwrapped, wrap
from hsm.keys import KeyAlgorithm, PublicKey, key_id_of
from hsm.sessions import Worker
from hsm.settings import OPERATIONS_TOKEN
from hsm.tokens import Tokens
from hsm.wrapped_keys import WrappedKeys


@dataclass(frozen=True)
class PortableKey:
    """A new key as its keeper gets it: the public half, the wrapped private one, how it was made.

    ``provenance`` is to be kept: an unwrapped key no longer says it.
    """

    public_key: PublicKey
    wrapped: WrappedKey
    token: str
    provenance: Mapping[str, object]

    @property
    def public_key_der(self) -> bytes:
        """The public half as SubjectPublicKeyInfo."""
        return self.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class PortableKeys:
    """Makes keys for others to keep, and signs with those they bring."""

    def __init__(self, *, tokens: Tokens, wrapped_keys: WrappedKeys) -> None:
        self._tokens = tokens
        self._wrapped_keys = wrapped_keys

    def generate(
        self, *, algorithm: KeyAlgorithm, label: str, token: str = OPERATIONS_TOKEN
    ) -> PortableKey:
        """Make a key and wrap it; nothing of it stays in the token.

        Raises AlgorithmNotOffered, TokenUnavailable, SettingsRefused.
        """
        kek_id = self._wrapped_keys.kek_of(token)

        def make(worker: Worker) -> PortableKey:
            public_key, private = generate_pair(
                worker, algorithm=algorithm, label=label, stored=False, extractable=True
            )
            try:
                wrapped = wrap(
                    worker,
                    kek_id=kek_id,
                    key_id=key_id_of(public_key),
                    algorithm=algorithm,
                    private=private,
                )
                provenance = provenance_of(worker, algorithm, private)
                return PortableKey(public_key, wrapped, token, provenance)
            finally:
                private.destroy()

        return self._tokens.use(token, make)

    def sign_digests(
        self, wrapped: WrappedKey, requests: Sequence[SigningRequest], *, token: str
    ) -> list[bytes]:
        """Sign digests, all with one unwrapping, in their order.

        Raises AlgorithmNotOffered before anything is signed, WrappedKeyDamaged, TokenUnavailable.
        """
        for request in requests:
            check_request(wrapped.algorithm, request)

        def act(worker: Worker) -> list[bytes]:
            with unwrapped(worker, wrapped) as private:
                return [
                    sign_digest(private, algorithm=wrapped.algorithm, request=request)
                    for request in requests
                ]

        return self._tokens.use(token, act)

    def signing_key(
        self, wrapped: WrappedKey, public_key: PublicKey, *, token: str
    ) -> PortableSigningKey:
        """Return a key for whole messages, such as a certification request."""
        return PortableSigningKey(
            wrapped=wrapped, public_key=public_key, token=token, tokens=self._tokens
        )


class PortableSigningKey:
    """The port of :class:`hsm.keys.SigningKey` over a key that somebody else keeps.

    Whether it may be used now, its keeper knows: no state is asked here.
    """

    def __init__(
        self, *, wrapped: WrappedKey, public_key: PublicKey, token: str, tokens: Tokens
    ) -> None:
        self._wrapped = wrapped
        self._public_key = public_key
        self._token = token
        self._tokens = tokens

    @property
    def key_id(self) -> bytes:
        """SHA-256 of the public key's SubjectPublicKeyInfo DER, 32 bytes."""
        return self._wrapped.key_id

    @property
    def algorithm(self) -> KeyAlgorithm:
        """The key's type."""
        return self._wrapped.algorithm

    @property
    def public_key(self) -> PublicKey:
        """The public half."""
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """Sign ``message``. Raises WrappedKeyDamaged, TokenUnavailable."""
        return self.sign_parts([message])

    def sign_parts(self, parts: Iterable[bytes]) -> bytes:
        """Sign the message that ``parts`` make up. Raises as :meth:`sign`."""
        signer = TOKEN_ALGORITHMS[self._wrapped.algorithm].signer_of(parts)

        def act(worker: Worker) -> Any:
            with unwrapped(worker, self._wrapped) as private:
                return signer(private)

        signature: bytes = self._tokens.use(self._token, act)
        return signature
