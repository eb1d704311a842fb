"""A root and a unit of somebody else, with keys in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hsm.keys import KeyAlgorithm
from signing.timestamps.token import TokenTemplate
from tests.ca.revocation.world import SoftwareKey

OTHER_USAGES = (
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


class SomeonesUnit:
    """``usages`` is None for a certificate without extended key usage."""

    def __init__(
        self,
        usages: Sequence[x509.ObjectIdentifier] | None = (ExtendedKeyUsageOID.TIME_STAMPING,),
        *,
        critical: bool = True,
    ) -> None:
        self._root_key, self.key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.root = self._sign(self._builder("Root", self._root_key.public_key(), ca=True))
        builder = self._builder("Unit", self.key.public_key(), ca=False)
        if usages is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=critical)
        self.certificate = self._sign(builder)

    @property
    def template(self) -> TokenTemplate:
        """What makes the unit's tokens."""
        return TokenTemplate(
            key=SoftwareKey(self.key, KeyAlgorithm.EC_P256),
            certificate_der=self.certificate.public_bytes(Encoding.DER),
            chain=[],
            accuracy=timedelta(seconds=1),
        )

    def _builder(
        self, name: str, key: ec.EllipticCurvePublicKey, *, ca: bool
    ) -> x509.CertificateBuilder:
        today = datetime.now(UTC)
        usage = x509.KeyUsage(
            digital_signature=not ca, key_cert_sign=ca, **dict.fromkeys(OTHER_USAGES, False)
        )
        return (
            x509.CertificateBuilder()
            .issuer_name(_named("Root"))
            .subject_name(_named(name))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - timedelta(days=1))
            .not_valid_after(today + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(usage, critical=True)
        )

    def _sign(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        return builder.sign(self._root_key, SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
