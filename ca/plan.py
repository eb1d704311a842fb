"""The values that pass between planning, linting, signing and storing a certificate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509

from ca.csr import VerifiedCsr

FactValue = str | tuple[str, ...]


@dataclass(frozen=True)
class Issuer:
    """A certification authority as issuance sees it: its name, role, key and own certificate."""

    authority: str
    role: str
    key_id: bytes
    certificate: x509.Certificate
    crl_shards: int


@dataclass(frozen=True)
class CertificateRequest:
    """What is asked for, once it has been decided.

    ``holder`` is the natural key of the subject (``person:…``, ``organization:…``); a key
    already certified for another holder is refused. ``facts`` are what the decision established
    about the subject (``given_name``, ``dns_names`` …): they go before what the CSR says, and
    the profile says which of both it takes. ``not_after`` shortens the profile's validity.
    ``authority`` names the issuing CA where the profile's role alone does not decide.
    ``reference`` (``application:…``) makes the request idempotent: a second request with the
    same reference gets the certificate that the first one got. ``proven_dns_names`` are the
    subject's too: the request may name them, and they stay out of the certificate unless they
    are facts as well. ``institution`` is the natural key of the one whose officers answer for the
    certificate, None for the nation's alone.
    """

    profile: str
    csr: VerifiedCsr
    holder: str
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    not_after: datetime | None = None
    authority: str | None = None
    reference: str | None = None
    proven_dns_names: tuple[str, ...] = ()
    institution: str | None = None

    @property
    def proven_names(self) -> set[tuple[str, str]]:
        """``proven_dns_names`` as kind and value."""
        return {("dns", one) for one in self.proven_dns_names}


@dataclass(frozen=True)
class CertificatePlan:
    """A certificate as it will be, complete but for its signature.

    ``builder`` holds every field of the to-be-signed part; ``public_key_sha256`` is over the
    subject's SubjectPublicKeyInfo DER. For a self-signed root ``self_signed`` is true and the
    builder carries the root's own key.
    """

    issuer: Issuer | None
    authority: str
    profile: str
    profile_version: int
    holder: str
    serial_number: int
    not_before: datetime
    not_after: datetime
    crl_shard: int
    public_key_sha256: bytes
    builder: x509.CertificateBuilder
    self_signed: bool = False
    institution: str | None = None
