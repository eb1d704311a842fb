"""What is signed for an authorized hash: attributes about that very document, or a revision of it.

The signer authorized the hash of a document, and what the key signs is the hash of CMS attributes.
Here they are held together, whoever prepared them (RFC 5652, Section 5.4):

- attributes whose message-digest is the authorized hash, for a document that is signed as it is;
- attributes about a PDF to which a revision was appended (ISO 32000-2, Section 12.8.1): its first
  octets are the authorized document, unchanged, and the message-digest is over all but one gap
  behind them. So nothing that the signer saw can be another, and what was appended is covered.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from hsm.digests import DigestAlgorithm
from signing.credentials.attributes import digest_of_attributes
from signing.credentials.errors import NOTHING_SIGNED, AuthorizationMalformed

_CHUNK = 1 << 18


class Content(Protocol):
    """Something to be signed that says for itself which hash has to be authorized for it."""

    def judged(self, algorithm: DigestAlgorithm) -> tuple[bytes, bytes]:
        """Return the hash to be authorized, and the hash to be signed.

        Raises AuthorizationMalformed where the one is not about the other.
        """


@dataclass(frozen=True)
class HashedContent:
    """A document that is known by its hash, and SignedAttributes about it, in DER."""

    document_hash: bytes
    attributes_der: bytes

    def judged(self, algorithm: DigestAlgorithm) -> tuple[bytes, bytes]:
        """Return the document's hash, and that of the attributes."""
        signed = digest_of_attributes(
            self.attributes_der, document_hash=self.document_hash, algorithm=algorithm
        )
        return self.document_hash, signed


@dataclass(frozen=True)
class AppendedRevision:
    """A PDF in ``stream`` whose first ``document_octets`` are the document that was authorized.

    ``gap``: where the signature's place begins and ends.
    """

    stream: BinaryIO
    document_octets: int
    gap: tuple[int, int]
    attributes_der: bytes

    def judged(self, algorithm: DigestAlgorithm) -> tuple[bytes, bytes]:
        """Return the hash of the document before the revision, and that of the attributes."""
        start, end = self.gap
        if not 0 < self.document_octets <= start < end:
            raise AuthorizationMalformed(
                "The signature's place is not behind the document.", kept=NOTHING_SIGNED
            )
        digest = hashlib.new(algorithm)
        self.stream.seek(0)
        _feed(digest, self.stream, self.document_octets)
        document_hash = digest.digest()
        _feed(digest, self.stream, start - self.document_octets)
        self.stream.seek(end)
        _feed(digest, self.stream, None)
        signed = digest_of_attributes(
            self.attributes_der, document_hash=digest.digest(), algorithm=algorithm
        )
        return document_hash, signed


def _feed(digest: Any, stream: BinaryIO, octets: int | None) -> None:
    while octets is None or octets > 0:
        chunk = stream.read(_CHUNK if octets is None else min(_CHUNK, octets))
        if not chunk:
            return
        digest.update(chunk)
        octets = None if octets is None else octets - len(chunk)
