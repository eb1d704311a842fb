"""Making key pairs in a token, so that they never lie outside it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

from pkcs11 import Attribute, KeyType, MechanismFlag
from pkcs11.exceptions import (
    AttributeValueInvalid,
    DomainParamsInvalid,
    KeySizeRange,
    MechanismInvalid,
    PKCS11Error,
    TemplateInconsistent,
)

from hsm.algorithms import TOKEN_ALGORITHMS, TokenAlgorithm
from hsm.errors import AlgorithmNotOffered
from hsm.keys import KeyAlgorithm, PublicKey, key_id_of
from hsm.sessions import Worker

_NOT_OFFERED = (
    AttributeValueInvalid,
    DomainParamsInvalid,
    KeySizeRange,
    MechanismInvalid,
    TemplateInconsistent,
)
_PAUSES_SECONDS = (0.01, 0.05, 0.1)


def generate_pair(
    worker: Worker, *, algorithm: KeyAlgorithm, label: str, stored: bool, extractable: bool
) -> tuple[PublicKey, Any]:
    """Make a key pair and name it by its public key; return that and the private handle.

    ``stored``: it stays in the token, else it lives as long as the session. The private key is
    SENSITIVE, and EXTRACTABLE only for wrapping. Raises AlgorithmNotOffered, PKCS11Error.
    """
    traits = TOKEN_ALGORITHMS[algorithm]
    try:
        public, private = _make_patiently(worker.session, traits, label, stored, extractable)
    except _NOT_OFFERED as error:
        raise AlgorithmNotOffered(f"The token makes no {algorithm} keys.") from error
    try:
        public_key = traits.public_key(public)
        key_id = key_id_of(public_key)
        public[Attribute.ID] = key_id
        private[Attribute.ID] = key_id
    except BaseException:
        for half in (public, private):
            with contextlib.suppress(PKCS11Error):
                half.destroy()
        raise
    if not stored:
        # A pooled session would keep the public half for the life of the process.
        public.destroy()
    return public_key, private


def _make_patiently(
    session: Any, traits: TokenAlgorithm, label: str, stored: bool, extractable: bool
) -> tuple[Any, Any]:
    # SoftHSM 2.6 says so now and then of a template that is as it should be, while other
    # threads use the token; a token that means it says it again.
    for pause in _PAUSES_SECONDS:
        try:
            return _make(session, traits, label, stored, extractable)
        except TemplateInconsistent:
            time.sleep(pause)
    return _make(session, traits, label, stored, extractable)


def _make(
    session: Any, traits: TokenAlgorithm, label: str, stored: bool, extractable: bool
) -> tuple[Any, Any]:
    options = {
        "label": label,
        "store": stored,
        # Nothing but signing: not the key agreement that python-pkcs11 would add for EC.
        "capabilities": MechanismFlag.SIGN | MechanismFlag.VERIFY,
        "mechanism": traits.generate,
        "private_template": _private_template(extractable),
    }
    if traits.key_type is KeyType.RSA:
        pair: tuple[Any, Any] = session.generate_keypair(KeyType.RSA, traits.bits, **options)
    else:
        domain = session.create_domain_parameters(
            traits.key_type, {Attribute.EC_PARAMS: traits.parameters}, local=True
        )
        pair = domain.generate_keypair(**options)
    return pair


def _private_template(extractable: bool) -> Mapping[Attribute, object]:
    return {
        Attribute.PRIVATE: True,
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: extractable,
    }


def provenance_of(worker: Worker, algorithm: KeyAlgorithm, private: Any) -> dict[str, object]:
    """Return how a key came to be: the call that made it, in which token, and what that attests.

    The call is ours to attest: NSS says LOCAL of no stored key, and every token forgets it when
    a key is unwrapped.
    """
    token = worker.session.token
    return {
        "made_by": "C_GenerateKeyPair",
        "mechanism": TOKEN_ALGORITHMS[algorithm].generate.name,
        "token": {
            "label": token.label,
            "serial": token.serial.decode("utf-8", "replace"),
            "model": token.model,
            "manufacturer": token.manufacturer_id,
        },
        "attributes": attributes_of(private),
    }


def attributes_of(private: Any) -> dict[str, bool]:
    """Return what a token says of a private key, by the names of its attributes."""
    names = {
        "CKA_SENSITIVE": Attribute.SENSITIVE,
        "CKA_EXTRACTABLE": Attribute.EXTRACTABLE,
        "CKA_ALWAYS_SENSITIVE": Attribute.ALWAYS_SENSITIVE,
        "CKA_NEVER_EXTRACTABLE": Attribute.NEVER_EXTRACTABLE,
        "CKA_LOCAL": Attribute.LOCAL,
        "CKA_PRIVATE": Attribute.PRIVATE,
        "CKA_SIGN": Attribute.SIGN,
    }
    return {name: bool(private[attribute]) for name, attribute in names.items()}
