"""What a browser does to encrypt a key for escrow, in Python, where it can be done wrongly too."""

from __future__ import annotations

import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm.envelope_syntax import Algorithm, GcmParameters, Message, Recipient
from hsm.enveloped_data import (
    AES256_GCM,
    AES256_WRAP,
    AGREEMENT,
    EC_PUBLIC_KEY,
    wrapping_key,
)
from hsm.keys import key_id_of


class SoftwareAgreementKey:
    """An agreement key without a token."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP384R1())
        self.uses = 0

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self.private.public_key()

    @property
    def public_key_der(self) -> bytes:
        return self.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def key_id(self) -> bytes:
        return key_id_of(self.public_key)

    def agree(self, peer: ec.EllipticCurvePublicKey) -> bytes:
        self.uses += 1
        return self.private.exchange(ec.ECDH(), peer)


def message_for(public_key: ec.EllipticCurvePublicKey, content: bytes, **changed: Any) -> Message:
    ephemeral = ec.generate_private_key(ec.SECP384R1())
    wrapping = wrapping_key(ephemeral.exchange(ec.ECDH(), public_key))
    content_key, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
    sealed = AESGCM(content_key).encrypt(nonce, content, None)
    point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    wrap = Algorithm({"algorithm": AES256_WRAP})
    agreement = {
        "version": 3,
        "originator": (
            "originator_key",
            {"algorithm": {"algorithm": EC_PUBLIC_KEY}, "public_key": changed.get("point", point)},
        ),
        "key_encryption_algorithm": {
            "algorithm": changed.get("agreement", AGREEMENT),
            "parameters": wrap,
        },
        "recipient_encrypted_keys": [
            {
                "rid": (
                    "r_key_id",
                    {"subject_key_identifier": changed.get("key_id", key_id_of(public_key))},
                ),
                "encrypted_key": changed.get("wrapped", aes_key_wrap(wrapping, content_key)),
            }
        ]
        * changed.get("recipients", 1),
    }
    gcm = GcmParameters({"aes_nonce": nonce, "icv_octets": changed.get("icv", 16)})
    return Message(
        {
            "content_type": changed.get("content_type", "1.2.840.113549.1.9.16.1.23"),
            "content": {
                "version": changed.get("version", 0),
                "recipient_infos": [Recipient("kari", agreement)],
                "auth_encrypted_content_info": {
                    "content_type": "1.2.840.113549.1.7.1",
                    "algorithm": {
                        "algorithm": changed.get("cipher", AES256_GCM),
                        "parameters": gcm,
                    },
                    "encrypted_content": changed.get("ciphertext", sealed[:-16]),
                },
                "mac": changed.get("mac", sealed[-16:]),
            },
        }
    )


def envelope_for(public_key: ec.EllipticCurvePublicKey, content: bytes, **changed: Any) -> bytes:
    der: bytes = message_for(public_key, content, **changed).dump()
    return der
