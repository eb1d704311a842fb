"""A hierarchy in software, made by tests: root, issuing authority, signers, time-stamping."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
)
from pyhanko.sign.signers import SimpleSigner
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
SIGNED = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Party:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def asn1(self) -> asn1_x509.Certificate:
        return asn1_x509.Certificate.load(self.der)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def asn1_key(self) -> asn1_keys.PrivateKeyInfo:
        der = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return asn1_keys.PrivateKeyInfo.load(der)


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "KH"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


@dataclass
class Hierarchy:
    """Authorities and those whom they certified."""

    label: str = "Test"
    ends: datetime = datetime(2040, 1, 1, tzinfo=UTC)
    responder_ends: datetime | None = None
    root: Party = field(init=False)
    issuing: Party = field(init=False)
    signer: Party = field(init=False)
    tsa: Party = field(init=False)
    responder: Party = field(init=False)

    def __post_init__(self) -> None:
        self.root = self._certify(f"{self.label} Root", None, authority=True)
        self.issuing = self._certify(f"{self.label} Issuing", self.root, authority=True)
        self.signer = self.person("សុខ Dara")
        self.tsa = self._certify(
            f"{self.label} TSA",
            self.issuing,
            usages=[ExtendedKeyUsageOID.TIME_STAMPING],
            key=rsa.generate_private_key(65537, 3072),  # pyHanko's test TSA signs with RSA only.
        )
        self.responder = self._certify(
            f"{self.label} Responder",
            self.issuing,
            usages=[ExtendedKeyUsageOID.OCSP_SIGNING],
            no_check=True,
            ends=self.responder_ends,
        )

    def person(
        self,
        name: str,
        *,
        ends: datetime | None = None,
        usages: list[x509.ObjectIdentifier] | None = None,
        key: Key | None = None,
        no_check: bool = False,
    ) -> Party:
        return self._certify(
            name,
            self.issuing,
            usages=usages or [DOCUMENT_SIGNING],
            ends=ends,
            key=key,
            no_check=no_check,
        )

    def _certify(
        self,
        name: str,
        issuer: Party | None,
        *,
        authority: bool = False,
        usages: list[x509.ObjectIdentifier] | None = None,
        no_check: bool = False,
        ends: datetime | None = None,
        key: Key | None = None,
    ) -> Party:
        key = key or ec.generate_private_key(ec.SECP256R1())
        issuer_key = issuer.key if issuer else key
        issuer_name = issuer.certificate.subject if issuer else _name(name)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(issuer_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(BEGAN)
            .not_valid_after(ends or self.ends)
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
            .add_extension(_key_usage(authority, usages), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False
            )
        )
        if usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=True)
        if not authority and not no_check:
            # pyHanko looks at OCSP answers only where a certificate names a responder.
            where = x509.UniformResourceIdentifier("http://ocsp.example/")
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), False)
        if no_check:
            builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
        return Party(builder.sign(issuer_key, hashes.SHA256()), key)

    def crl(
        self,
        issuer: Party,
        *,
        at: datetime = SIGNED,
        days: int = 1,
        revoked: dict[int, tuple[datetime, x509.ReasonFlags]] | None = None,
    ) -> bytes:
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.certificate.subject)
            .last_update(at)
            .next_update(at + timedelta(days=days))
            .add_extension(x509.CRLNumber(1), critical=False)
        )
        for serial, (when, reason) in (revoked or {}).items():
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(serial)
                .revocation_date(when)
                .add_extension(x509.CRLReason(reason), critical=False)
                .build()
            )
        return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def ocsp(
        self,
        about: Party,
        *,
        at: datetime = SIGNED,
        days: int = 1,
        revoked_at: datetime | None = None,
        reason: x509.ReasonFlags | None = None,
        responder: Party | None = None,
    ) -> bytes:
        responder = responder or self.responder
        status = ocsp.OCSPCertStatus.REVOKED if revoked_at else ocsp.OCSPCertStatus.GOOD
        built = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                about.certificate,
                self.issuing.certificate,
                hashes.SHA1(),
                status,
                at,
                at + timedelta(days=days),
                revoked_at,
                reason,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, responder.certificate)
            .certificates([responder.certificate])
            .sign(responder.key, hashes.SHA256())
        )
        return built.public_bytes(Encoding.DER)

    def pyhanko_signer(self, party: Party | None = None) -> SimpleSigner:
        party = party or self.signer
        return SimpleSigner(
            signing_cert=party.asn1,
            signing_key=party.asn1_key,
            cert_registry=SimpleCertificateStore.from_certs([self.issuing.asn1]),
        )

    def time_stamper(self, at: datetime = SIGNED, party: Party | None = None) -> DummyTimeStamper:
        party = party or self.tsa
        return DummyTimeStamper(
            tsa_cert=party.asn1,
            tsa_key=party.asn1_key,
            certs_to_embed=SimpleCertificateStore.from_certs([self.issuing.asn1]),
            fixed_dt=at,
        )


def _key_usage(authority: bool, usages: list[x509.ObjectIdentifier] | None) -> x509.KeyUsage:
    signs = not authority
    return x509.KeyUsage(
        digital_signature=signs and usages != [DOCUMENT_SIGNING],
        content_commitment=signs,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
