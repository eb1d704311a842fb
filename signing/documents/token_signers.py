"""Signers whose keys lie in tokens of this home: seals of institutions, found by their name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509

from ca.authorities import Authorities
from ca.register import CertificateRegister
from hsm.keys import KeyAlgorithm, KeyState, KeyStore, SigningKey
from signing.documents.errors import SignerUnknown


@dataclass(frozen=True)
class TokenSigner:
    """A :class:`~signing.documents.ports.DocumentSigner` by a key of the key store."""

    certificate: x509.Certificate
    chain: Sequence[x509.Certificate]
    key: SigningKey
    institution: str | None = None

    @property
    def algorithm(self) -> KeyAlgorithm:
        """The key's type."""
        return self.key.algorithm

    def sign(self, message: bytes) -> bytes:
        """Sign a message. Raises what the key raises."""
        return self.key.sign(message)


class TokenSigners:
    """Finds signers by the label or the id of their key."""

    def __init__(
        self, *, keys: KeyStore, register: CertificateRegister, authorities: Authorities
    ) -> None:
        self._keys = keys
        self._register = register
        self._authorities = authorities

    def signer(self, name: str) -> TokenSigner:
        """Return the signer of a key, with the newest of its certificates.

        Raises SignerUnknown, and what keys raise.
        """
        named = [
            one
            for one in self._keys.records()
            if name in {one.label, one.key_id.hex()} and one.state is KeyState.ACTIVE
        ]
        for record in reversed(named):
            certificates = self._register.of_key(record.key_id)
            if certificates:
                newest = certificates[-1]
                return TokenSigner(
                    certificate=x509.load_der_x509_certificate(newest.certificate_der),
                    chain=self._authorities.chain(newest.authority),
                    key=self._keys.signing_key(record.key_id),
                    institution=newest.institution,
                )
        raise SignerUnknown(
            f"No active key of the name {name} has a certificate here. `camtrust hsm` lists keys."
        )

    def seal_for(self, institution: str | None, name: str) -> TokenSigner:
        """Return the seal of that name, if it is the institution's. Raises SignerUnknown."""
        found = self.signer(name)
        if found.institution != institution:
            raise SignerUnknown(f"Your institution has no seal of the name {name}.")
        return found
