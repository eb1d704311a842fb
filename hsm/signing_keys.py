"""Keys ready for use, as the port promises them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsm.algorithms import TOKEN_ALGORITHMS
from hsm.keys import KeyAlgorithm, KeyRecord, PublicKey
from hsm.registry import KeyRegistry


class Pkcs11SigningKey:
    """A private key in a token. It holds no handle itself, so it outlives sessions and forks.

    ``use`` lets a function work with the private key, wherever that lies.
    """

    __slots__ = ("_algorithm", "_key_id", "_public_key", "_registry", "_token_algorithm", "_use")

    def __init__(
        self,
        *,
        record: KeyRecord,
        registry: KeyRegistry,
        use: Callable[[Callable[[Any], bytes]], bytes],
    ) -> None:
        self._key_id = record.key_id
        self._algorithm = record.algorithm
        self._public_key = cast(PublicKey, load_der_public_key(record.public_key_der))
        self._registry = registry
        self._token_algorithm = TOKEN_ALGORITHMS[record.algorithm]
        self._use = use

    def __repr__(self) -> str:
        return f"<{self._algorithm} key {self._key_id.hex()}>"

    @property
    def key_id(self) -> bytes:
        """SHA-256 of the public key's SubjectPublicKeyInfo DER, 32 bytes."""
        return self._key_id

    @property
    def algorithm(self) -> KeyAlgorithm:
        """The key's type, which fixes its signature algorithm."""
        return self._algorithm

    @property
    def public_key(self) -> PublicKey:
        """The public half."""
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """Sign ``message`` if the key is active. Raises as the port says."""
        self._registry.check_active(self._key_id)
        return self._use(lambda private: self._token_algorithm.signature(private, message))

    def sign_parts(self, parts: Iterable[bytes]) -> bytes:
        """Sign the message that ``parts`` make up if the key is active. Raises as the port says."""
        self._registry.check_active(self._key_id)
        return self._use(self._token_algorithm.signer_of(parts))
