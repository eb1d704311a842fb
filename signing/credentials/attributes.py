"""Signed attributes whose message digest is an authorized hash (RFC 5652, Section 5.4).

The signer authorized the hash of a document, and what is signed is the hash of attributes around
it. This is where they are held together, so that no other room can have one signed for the other.
"""

from __future__ import annotations

import hashlib

from asn1crypto import cms

from hsm.digests import DigestAlgorithm
from signing.credentials.errors import NOTHING_SIGNED, AuthorizationMalformed


def digest_of_attributes(
    attributes_der: bytes, *, document_hash: bytes, algorithm: DigestAlgorithm
) -> bytes:
    """Return the hash of attributes that are about ``document_hash``.

    Raises AuthorizationMalformed for attributes about anything else.
    """
    try:
        attributes = cms.CMSAttributes.load(attributes_der, strict=True)
        digests = [
            value.native
            for one in attributes
            if one["type"].native == "message_digest"
            for value in one["values"]
        ]
        canonical = attributes.dump(force=True) == attributes_der
    except (ValueError, TypeError) as error:
        raise _refused("cannot be read") from error
    # One digest, in DER: two readings of the same octets would be two documents.
    if digests != [document_hash] or not canonical:
        raise _refused("are not about the hash that was authorized")
    return hashlib.new(algorithm, attributes_der).digest()


def _refused(reason: str) -> AuthorizationMalformed:
    return AuthorizationMalformed(f"The signed attributes {reason}.", kept=NOTHING_SIGNED)
