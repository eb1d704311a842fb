"""The key-encryption keys of a token, and what the token does with them: wrap and unwrap.

AES-KWP (RFC 5649, NIST SP 800-38F, Section 6.3). The key may WRAP and UNWRAP and never ENCRYPT or
DECRYPT: so no caller, with the PIN or without, has the token turn a blob into a key in the clear.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pkcs11 import (
    DEFAULT,
    Attribute,
    KeyType,
    Mechanism,
    MechanismFlag,
    ObjectClass,
    exceptions,
)

from hsm.algorithms import TOKEN_ALGORITHMS
from hsm.errors import AlgorithmNotOffered, WrappedKeyDamaged
from hsm.keys import KeyAlgorithm
from hsm.sessions import Worker

KEK_BITS = 256
KEK_LABEL = "camtrust key-encryption key"
# AES-KWP first. SoftHSM 2.6 offers RFC 5649 under the older name alone, which others (NSS) give
# another meaning: it is used only where the right name is missing.
MECHANISMS = (Mechanism.AES_KEY_WRAP_KWP, Mechanism.AES_KEY_WRAP_PAD)

# What an unwrapped key is. DEFAULT leaves out what python-pkcs11 would send for every key and
# tokens refuse for private ones.
_UNWRAPPED: dict[Attribute, object] = dict.fromkeys(
    (
        Attribute.ENCRYPT,
        Attribute.DECRYPT,
        Attribute.WRAP,
        Attribute.UNWRAP,
        Attribute.VERIFY,
        Attribute.DERIVE,
    ),
    DEFAULT,
) | {
    Attribute.SIGN: True,
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
}


@dataclass(frozen=True)
class WrappedKey:
    """A private key under a key-encryption key, as it stands in the database."""

    key_id: bytes
    algorithm: KeyAlgorithm
    kek_id: bytes
    mechanism: str
    blob: bytes


def make_kek(worker: Worker, kek_id: bytes) -> None:
    """Make a key-encryption key in the token. Raises PKCS11Error."""
    worker.session.generate_key(
        KeyType.AES,
        KEK_BITS,
        id=kek_id,
        label=KEK_LABEL,
        store=True,
        # And so not ENCRYPT, DECRYPT, SIGN, VERIFY or DERIVE.
        capabilities=MechanismFlag.WRAP | MechanismFlag.UNWRAP,
        template={
            Attribute.PRIVATE: True,
            Attribute.SENSITIVE: True,
            Attribute.EXTRACTABLE: False,
            # Who has the PIN could else give it DECRYPT afterwards.
            Attribute.MODIFIABLE: False,
        },
    )


def wrap(
    worker: Worker, *, kek_id: bytes, key_id: bytes, algorithm: KeyAlgorithm, private: Any
) -> WrappedKey:
    """Wrap a private key, and unwrap it once to see that it can be: it may be the only copy.

    Raises AlgorithmNotOffered, or PKCS11Error when the token is away.
    """
    kek = worker.secret_key(kek_id)
    offered = worker.session.token.slot.get_mechanisms()
    mechanism = next((one for one in MECHANISMS if one in offered), None)
    if mechanism is None:
        raise AlgorithmNotOffered("The token does not offer AES key wrap with padding (RFC 5649).")
    try:
        blob = kek.wrap_key(private, mechanism=mechanism)
    except exceptions.PKCS11Error as error:
        # SoftHSM 2.6 wraps no Edwards keys.
        _check_still_there(kek)
        raise AlgorithmNotOffered("The token does not wrap keys of this type.") from error
    wrapped = WrappedKey(
        key_id=key_id,
        algorithm=algorithm,
        kek_id=kek_id,
        mechanism=mechanism.name,
        blob=blob,
    )
    try:
        unwrap(worker, wrapped).destroy()
    except WrappedKeyDamaged as error:
        raise AlgorithmNotOffered("The token does not unwrap what it has wrapped.") from error
    return wrapped


@contextmanager
def unwrapped(worker: Worker, wrapped: WrappedKey) -> Iterator[Any]:
    """Unwrap a key into the session for the length of a ``with``. Raises WrappedKeyDamaged."""
    private = unwrap(worker, wrapped)
    try:
        yield private
    finally:
        private.destroy()


def unwrap(
    worker: Worker, wrapped: WrappedKey, *, stored: bool = False, label: str | None = None
) -> Any:
    """Unwrap a key, SENSITIVE and not EXTRACTABLE, into the session or, ``stored``, the token.

    Raises WrappedKeyDamaged, or PKCS11Error when the token is away.
    """
    traits = TOKEN_ALGORITHMS[wrapped.algorithm]
    kek = worker.secret_key(wrapped.kek_id)
    try:
        return kek.unwrap_key(
            ObjectClass.PRIVATE_KEY,
            traits.key_type,
            wrapped.blob,
            id=wrapped.key_id,
            label=label,
            mechanism=Mechanism[wrapped.mechanism],
            store=stored,
            capabilities=MechanismFlag.SIGN,
            template=_UNWRAPPED,
        )
    except exceptions.PKCS11Error as error:
        _check_still_there(kek)
        raise WrappedKeyDamaged(
            "A wrapped key cannot be unwrapped: it is damaged, or was wrapped under another key.",
            kept="Nothing was signed.",
            key_id=wrapped.key_id.hex(),
        ) from error


def _check_still_there(kek: Any) -> None:
    # Was it the key, or has the token gone? Tokens differ in their answer to a bad blob or an
    # unsuitable key; one that still knows its key-encryption key is not gone.
    _ = kek[Attribute.CLASS]
