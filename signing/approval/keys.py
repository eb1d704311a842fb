"""A person's remote key as the signer of a document."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from core.errors import CamtrustError, Conflict, Forbidden
from hsm.digests import DigestAlgorithm, SigningRequest
from hsm.keys import KeyAlgorithm
from signing.approval.errors import NOTHING_DONE, NoSigningKey
from signing.credentials.credential import Credential, Holder, HolderKind
from signing.credentials.credentials import Credentials
from signing.credentials.signatures import Signatures
from signing.documents.cades import DIGEST_NAMES


@dataclass(frozen=True)
class PersonSigner:
    """A :class:`~signing.documents.ports.DocumentSigner`; it signs what its SAD is for alone."""

    credential: Credential
    certificate: x509.Certificate
    chain: Sequence[x509.Certificate]
    signatures: Signatures = field(repr=False)
    sad: str = field(default="", repr=False)

    @property
    def algorithm(self) -> KeyAlgorithm:
        """The key's type."""
        return self.credential.algorithm

    @property
    def digest_algorithm(self) -> DigestAlgorithm:
        """What its signatures hash with."""
        return DigestAlgorithm(DIGEST_NAMES[self.algorithm])

    @property
    def certificate_sha256(self) -> bytes:
        """What names the certificate."""
        return self.certificate.fingerprint(SHA256())

    def digest(self, message: bytes) -> bytes:
        """Return the hash that is authorized for a message."""
        return hashlib.new(self.digest_algorithm, message).digest()

    def sign(self, message: bytes) -> bytes:
        """Sign a message whose hash was authorized. Raises what ``Signatures.sign`` raises."""
        request = SigningRequest(
            self.digest(message), self.digest_algorithm, self.credential.schemes[0]
        )
        [signature] = self.signatures.sign(self.credential.id, self.sad, [request])
        return signature


class PersonKeys:
    """Finds the key that somebody signs with: the newest that may."""

    def __init__(self, *, credentials: Credentials, signatures: Signatures) -> None:
        self._credentials = credentials
        self._signatures = signatures

    def of(self, person: str) -> PersonSigner:
        """Return somebody's key.

        Raises NoSigningKey, and where they have one that rests or is locked what it refuses with.
        """
        refusal: CamtrustError = NoSigningKey(
            "Apply for a signing key in the state's HSM on your own page first.", kept=NOTHING_DONE
        )
        for credential in reversed(self._credentials.of_holder(_holder(person))):
            try:
                credential.check_active()
                held = self._signatures.certificate(credential.id)
            except (Conflict, Forbidden) as error:
                # Locked, at rest, or without a certificate: it is said of the last that is.
                refusal = error
            else:
                return PersonSigner(credential, held.certificate, held.chain, self._signatures)
        raise refusal

    def named(self, credential_id: str, person: str) -> PersonSigner:
        """Return one key of somebody. Raises what a key that may not sign refuses with."""
        credential = self._credentials.find(credential_id, holder=_holder(person))
        credential.check_active()
        held = self._signatures.certificate(credential.id)
        return PersonSigner(credential, held.certificate, held.chain, self._signatures)

    def has_one(self, person: str) -> bool:
        """Tell whether somebody could sign now."""
        try:
            self.of(person)
        except (Conflict, Forbidden):
            return False
        return True


def _holder(person: str) -> Holder:
    return Holder(HolderKind.PERSON, person)
