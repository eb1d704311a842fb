"""The ASN.1 of encrypted messages, as far as :mod:`hsm.enveloped_data` reads it and no further.

What another form would have (a second kind of recipient, attributes, certificates) has no place
here, so it is refused as malformed.
"""

from __future__ import annotations

from typing import ClassVar

from asn1crypto import core


class Algorithm(core.Sequence):  # type: ignore[misc]
    """AlgorithmIdentifier (RFC 5280, Section 4.1.1.2)."""

    _fields: ClassVar = [
        ("algorithm", core.ObjectIdentifier),
        ("parameters", core.Any, {"optional": True}),
    ]


class Originator(core.Sequence):  # type: ignore[misc]
    """OriginatorPublicKey (RFC 5652, Section 6.2.2)."""

    _fields: ClassVar = [("algorithm", Algorithm), ("public_key", core.OctetBitString)]


class OriginatorChoice(core.Choice):  # type: ignore[misc]
    """OriginatorIdentifierOrKey: of the three, the key itself."""

    _alternatives: ClassVar = [("originator_key", Originator, {"implicit": 1})]


class KeyIdentifier(core.Sequence):  # type: ignore[misc]
    """RecipientKeyIdentifier, without date and other names."""

    _fields: ClassVar = [("subject_key_identifier", core.OctetString)]


class RecipientChoice(core.Choice):  # type: ignore[misc]
    """KeyAgreeRecipientIdentifier: of the two, the key's name."""

    _alternatives: ClassVar = [("r_key_id", KeyIdentifier, {"implicit": 0})]


class EncryptedKey(core.Sequence):  # type: ignore[misc]
    """RecipientEncryptedKey."""

    _fields: ClassVar = [("rid", RecipientChoice), ("encrypted_key", core.OctetString)]


class EncryptedKeys(core.SequenceOf):  # type: ignore[misc]
    """RecipientEncryptedKeys."""

    _child_spec = EncryptedKey


class Agreement(core.Sequence):  # type: ignore[misc]
    """KeyAgreeRecipientInfo, without ukm."""

    _fields: ClassVar = [
        ("version", core.Integer),
        ("originator", OriginatorChoice, {"explicit": 0}),
        ("key_encryption_algorithm", Algorithm),
        ("recipient_encrypted_keys", EncryptedKeys),
    ]


class Recipient(core.Choice):  # type: ignore[misc]
    """RecipientInfo: of the five, key agreement."""

    _alternatives: ClassVar = [("kari", Agreement, {"implicit": 1})]


class Recipients(core.SetOf):  # type: ignore[misc]
    """RecipientInfos."""

    _child_spec = Recipient


class GcmParameters(core.Sequence):  # type: ignore[misc]
    """GCMParameters (RFC 5084, Section 3.2)."""

    _fields: ClassVar = [("aes_nonce", core.OctetString), ("icv_octets", core.Integer)]


class Content(core.Sequence):  # type: ignore[misc]
    """EncryptedContentInfo (RFC 5652, Section 6.1)."""

    _fields: ClassVar = [
        ("content_type", core.ObjectIdentifier),
        ("algorithm", Algorithm),
        ("encrypted_content", core.OctetString, {"implicit": 0}),
    ]


class Enveloped(core.Sequence):  # type: ignore[misc]
    """AuthEnvelopedData (RFC 5083, Section 2.1), without attributes."""

    _fields: ClassVar = [
        ("version", core.Integer),
        ("recipient_infos", Recipients),
        ("auth_encrypted_content_info", Content),
        ("mac", core.OctetString),
    ]


class Message(core.Sequence):  # type: ignore[misc]
    """ContentInfo (RFC 5652, Section 3)."""

    _fields: ClassVar = [
        ("content_type", core.ObjectIdentifier),
        ("content", Enveloped, {"explicit": 0}),
    ]


class SharedInfo(core.Sequence):  # type: ignore[misc]
    """ECC-CMS-SharedInfo (RFC 5753, Section 7.2), without entityUInfo."""

    _fields: ClassVar = [
        ("key_info", Algorithm),
        ("supp_pub_info", core.OctetString, {"explicit": 2}),
    ]
