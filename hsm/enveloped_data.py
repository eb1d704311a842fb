"""What is encrypted to an agreement key: CMS AuthEnvelopedData (RFC 5083), read and opened.

One form alone is read, that of :file:`enrollment/key_creation/scripts/escrow.js`: AES-256-GCM (RFC
5084) over the content, its key wrapped with AES-256 (RFC 3394) under a key that ephemeral-static
ECDH on P-384 agrees on (RFC 5753, Section 3.1.1, with SHA-384), for one recipient who is named by
the SHA-256 of the public key.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha384

from asn1crypto import cms
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from core.errors import Conflict, Malformed
from hsm.envelope_syntax import Algorithm, GcmParameters, Message, SharedInfo
from hsm.keys import AgreementKey

AGREEMENT = "1.3.132.1.11.2"  # dhSinglePass-stdDH-sha384kdf-scheme
AES256_WRAP = "2.16.840.1.101.3.4.1.45"
AES256_GCM = "2.16.840.1.101.3.4.1.46"
EC_PUBLIC_KEY = "1.2.840.10045.2.1"
KEY_OCTETS = 32
NONCE_OCTETS = 12
TAG_OCTETS = 16
# RFC 3394 adds one block of 8 octets.
WRAPPED_OCTETS = KEY_OCTETS + 8


class EnvelopeMalformed(Malformed):
    """Octets that should be CMS AuthEnvelopedData are not, or in another form than ours."""

    problem = "envelope-malformed"
    title = "The encrypted message cannot be read"


class EnvelopeDamaged(Conflict):
    """A message does not open with the key that it names."""

    problem = "envelope-damaged"
    title = "The encrypted message does not open"


@dataclass(frozen=True)
class Envelope:
    """A message that was read, and not opened. ``recipient_id``: the key_id of the one key."""

    recipient_id: bytes
    ephemeral: EllipticCurvePublicKey
    wrapped_key: bytes
    nonce: bytes
    ciphertext: bytes
    tag: bytes


def read_envelope(der: bytes) -> Envelope:
    """Read a message strictly; nothing is decrypted. Raises EnvelopeMalformed."""
    try:
        message = Message.load(der, strict=True)
        envelope = _parts(message)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise EnvelopeMalformed("This is no message encrypted in the form that we read.") from error
    if message.dump(force=True) != der:
        raise EnvelopeMalformed("The message is not in DER (X.690, Section 10).")
    return envelope


def open_envelope(envelope: Envelope, key: AgreementKey) -> bytes:
    """Return what a message says. Raises EnvelopeDamaged, and what the key raises."""
    if envelope.recipient_id != key.key_id:
        raise EnvelopeDamaged("This message is for another key.")
    wrapping = wrapping_key(key.agree(envelope.ephemeral))
    try:
        content_key = aes_key_unwrap(wrapping, envelope.wrapped_key)
        # RFC 5083, Section 2.2: without authenticated attributes there is nothing beside.
        sealed = envelope.ciphertext + envelope.tag
        return AESGCM(content_key).decrypt(envelope.nonce, sealed, None)
    except (InvalidUnwrap, InvalidTag, ValueError) as error:
        raise EnvelopeDamaged("The message was altered, or was made for another key.") from error


def _parts(message: Message) -> Envelope:
    enveloped = message["content"]
    [recipient] = enveloped["recipient_infos"]
    agreement = recipient.chosen
    originator = agreement["originator"].chosen
    [encrypted] = agreement["recipient_encrypted_keys"]
    content = enveloped["auth_encrypted_content_info"]
    agreed = agreement["key_encryption_algorithm"]
    gcm = content["algorithm"]["parameters"].parse(GcmParameters)
    expected = {
        cms.ContentType.unmap("authenticated_enveloped_data"): message["content_type"].dotted,
        "0 3": f"{enveloped['version'].native} {agreement['version'].native}",
        EC_PUBLIC_KEY: originator["algorithm"]["algorithm"].dotted,
        AGREEMENT: agreed["algorithm"].dotted,
        AES256_WRAP: agreed["parameters"].parse(Algorithm)["algorithm"].dotted,
        AES256_GCM: content["algorithm"]["algorithm"].dotted,
        cms.ContentType.unmap("data"): content["content_type"].dotted,
    }
    _check(all(wanted == found for wanted, found in expected.items()))
    envelope = Envelope(
        recipient_id=encrypted["rid"].chosen["subject_key_identifier"].native,
        ephemeral=EllipticCurvePublicKey.from_encoded_point(
            SECP384R1(), originator["public_key"].native
        ),
        wrapped_key=encrypted["encrypted_key"].native,
        nonce=gcm["aes_nonce"].native,
        ciphertext=content["encrypted_content"].native,
        tag=enveloped["mac"].native,
    )
    lengths = (len(envelope.wrapped_key), len(envelope.nonce), len(envelope.tag))
    _check(lengths == (WRAPPED_OCTETS, NONCE_OCTETS, TAG_OCTETS))
    _check(gcm["icv_octets"].native == TAG_OCTETS)
    return envelope


def _check(is_ours: bool) -> None:
    if not is_ours:
        raise ValueError("another form")


def wrapping_key(secret: bytes) -> bytes:
    """Return the 32 octets under which the content's key is wrapped.

    RFC 5753, Section 7.2 says what the derivation is bound to, ANSI X9.63, Section 5.6.3 how it is
    made; one round of SHA-384 yields enough.
    """
    shared = SharedInfo(
        {
            "key_info": {"algorithm": AES256_WRAP},
            "supp_pub_info": (KEY_OCTETS * 8).to_bytes(4, "big"),
        }
    )
    first = (1).to_bytes(4, "big")
    return sha384(secret + first + shared.dump()).digest()[:KEY_OCTETS]
