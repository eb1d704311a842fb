"""What a ceremony's acts need done, whoever does it: the real stage, or a rehearsal's.

Every method can be called again after an interruption: a key that was made is found again by
its label, a certificate that was issued by its reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ca.authorities import Authority
from ca.csr import VerifiedCsr
from ca.hierarchy import AuthorityDefinition, SubjectDefinition
from core.transparency.entry import JsonValue
from hsm.keys import KeyAlgorithm, PublicKey


@dataclass(frozen=True)
class MadeKey:
    """A key of ours in a token. ``attributes`` are what the token says of it."""

    key_id: bytes
    token: str
    label: str
    algorithm: KeyAlgorithm
    public_key: PublicKey
    state: str
    attributes: Mapping[str, JsonValue] = field(default_factory=dict)

    def facts(self) -> dict[str, JsonValue]:
        """Return what the transcript says of the key."""
        return {
            "algorithm": str(self.algorithm),
            "attributes": dict(self.attributes),
            "key_id": self.key_id.hex(),
            "label": self.label,
            "state": self.state,
            "token": self.token,
        }


@dataclass(frozen=True)
class CertificateOrder:
    """A certificate to be issued. ``key`` is ours, or ``csr`` proves that another holds it.

    Without ``issuer`` the certificate is self-signed by ``key``. ``reference`` finds it again.
    """

    profile: str
    holder: str
    subject: SubjectDefinition
    reference: str
    authority: str
    issuer: str | None
    key: MadeKey | None = None
    csr: VerifiedCsr | None = None


@dataclass(frozen=True)
class SignedCrl:
    """The complete CRL of one shard; a rehearsal has facts, and no DER."""

    shard: int
    facts: Mapping[str, JsonValue]
    crl_der: bytes | None


@dataclass(frozen=True)
class Admitted:
    """The database shall know this authority by this key, with its first certificate."""

    definition: AuthorityDefinition
    key_id: bytes
    certificate: x509.Certificate


@dataclass(frozen=True)
class Held:
    """An authority holds one more certificate: renewed, or cross."""

    authority: str
    certificate: x509.Certificate
    kind: str


@dataclass(frozen=True)
class StateSet:
    """An authority is retired or terminated."""

    authority: str
    state: str


Change = Admitted | Held | StateSet


class Stage(Protocol):
    """Does what acts ask for."""

    def authority(self, name: str) -> Authority:
        """Return an authority as it stands. Raises AuthorityUnknown."""

    def exists(self, name: str) -> bool:
        """Tell whether an authority of that name holds a certificate."""

    def make_key(self, *, token: str, label: str, algorithm: KeyAlgorithm) -> MadeKey:
        """Make a key, ready to sign, or find the one that an interrupted run made."""

    def key(self, key_id: bytes) -> MadeKey:
        """Return a key that exists, destroyed or not. Raises KeyNotFound."""

    def reserve_name(self, definition: AuthorityDefinition, key: MadeKey) -> None:
        """Let the database know an anchor's name, so that its certificate has an issuer."""

    def issue(self, order: CertificateOrder) -> x509.Certificate:
        """Lint and issue a certificate, or find the one that an interrupted run issued."""

    def sign_crls(self, authority: str, *, last: bool) -> Sequence[SignedCrl]:
        """Sign the complete CRL of every shard.

        ``last``: nextUpdate is 99991231235959Z, and none follows.
        """

    def stop_issuing(self, authority: str) -> None:
        """Retire an authority, and wait until every process has noticed."""

    def living_certificates(self, authority: str) -> int:
        """Return how many certificates of an authority are neither expired nor revoked."""

    def destroy_key(self, key_id: bytes, *, reason: str) -> MadeKey:
        """Erase a private key from its token; done before is done."""


def certificate_facts(certificate: x509.Certificate) -> dict[str, JsonValue]:
    """Return what the transcript says of a certificate."""
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "issuer": certificate.issuer.rfc4514_string(),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "public_key_sha256": sha256(spki).hexdigest(),
        "serial_number": f"{certificate.serial_number:x}",
        "subject": certificate.subject.rfc4514_string(),
    }


def signed_crl(shard: int, crl_der: bytes) -> SignedCrl:
    """Read what the transcript says of a CRL from the CRL itself."""
    crl = x509.load_der_x509_crl(crl_der)
    number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    next_update = crl.next_update_utc
    facts: dict[str, JsonValue] = {
        "entries": len(crl),
        "next_update": None if next_update is None else next_update.isoformat(),
        # Nanoseconds since 1970 do not fit the numbers of every JSON reader.
        "number": str(number),
        "shard": shard,
        "this_update": crl.last_update_utc.isoformat(),
    }
    return SignedCrl(shard, facts, crl_der)


def der(certificate: x509.Certificate) -> bytes:
    """Return a certificate's DER."""
    return certificate.public_bytes(Encoding.DER)
