"""What signing documents needs from elsewhere; camtrust/ wires it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cryptography import x509

from hsm.keys import KeyAlgorithm


class SignerIdentity(Protocol):
    """Whoever signs, as documents name them."""

    @property
    def certificate(self) -> x509.Certificate:
        """The signer's certificate."""

    @property
    def chain(self) -> Sequence[x509.Certificate]:
        """Its issuers, from the issuing authority up to the anchor, both included."""

    @property
    def algorithm(self) -> KeyAlgorithm:
        """The key's type, which fixes signature algorithm and digest."""


class DocumentSigner(SignerIdentity, Protocol):
    """Whoever signs: a certificate and what makes its signatures."""

    def sign(self, message: bytes) -> bytes:
        """Sign ``message`` (the DER of the signed attributes), as X.509 carries signatures.

        Raises what keys raise, and whatever authorization refuses.
        """


class TimestampSource(Protocol):
    """A time-stamping authority."""

    def timestamp(self, digest: bytes, hash_name: str) -> bytes:
        """Return a TimeStampToken in DER (RFC 3161) with its certificates.

        ``hash_name`` is ``sha256``, ``sha384`` or ``sha512``. Raises Unavailable.
        """


@dataclass(frozen=True)
class Evidence:
    """What proves a certificate's standing: an OCSP response or a CRL, in DER.

    ``standing`` is ``good``, ``revoked`` or ``on-hold``. ``this_update`` is when it was known to
    be so, and ``next_update`` when there will be newer.
    """

    der: bytes
    is_crl: bool
    standing: str
    this_update: datetime
    next_update: datetime | None


class StatusSource(Protocol):
    """Knows certificates' standing, now."""

    def standing(self, certificate: x509.Certificate, issuer: x509.Certificate) -> str:
        """Return ``good``, ``revoked``, ``on-hold`` or ``unknown``, unsigned.

        ``unknown`` is said of what another authority issued. Raises Unavailable.
        """

    def evidence(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Evidence:
        """Return a live answer about a certificate. Raises StatusUnavailable."""


class Seals(Protocol):
    """Knows which seals an institution's programs may sign with."""

    def seal_for(self, institution: str | None, name: str) -> DocumentSigner:
        """Return the seal of that name, if it is the institution's; None is the nation.

        Raises SignerUnknown, and what keys raise.
        """
