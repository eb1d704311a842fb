"""The extensions of a profile that are the same in every certificate of one issuer.

They are encoded once for each issuer, family of keys and CRL shard; only the subject key
identifier, the alternative names and the key usage period are made for each certificate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID

from ca.der import NULL_DER, PRINTABLE_STRING, SEQUENCE, SET, encode_element, read_element
from ca.plan import Issuer
from ca.profiles.definition import EXTENDED_KEY_USAGES, ProfileDefinition
from ca.profiles.qc_statements import encode_qc_statements
from ca.publication import PublicationUrls
from core import oids
from hsm.keys import PublicKey

Extension = x509.Extension[x509.ExtensionType]


def subject_key_identifier(public_key_der: bytes) -> bytes:
    """Return the key identifier of a SubjectPublicKeyInfo.

    RFC 7093, Section 2, method 1: the leftmost 160 bits of SHA-256 over the key's bits.
    """
    info = read_element(public_key_der)
    algorithm = read_element(public_key_der, info.content, info.end)
    bits = read_element(public_key_der, algorithm.end, info.end)
    return sha256(bits.value[1:]).digest()[:20]


class ConstantExtensions:
    """Builds and keeps the constant extensions of one profile."""

    def __init__(
        self,
        *,
        definition: ProfileDefinition,
        policy_oid: str | None,
        disclosure_statements: Mapping[str, str],
        publication: PublicationUrls,
    ) -> None:
        self._definition = definition
        self._policy_oid = policy_oid
        self._disclosures = disclosure_statements
        self._publication = publication
        self._kept: dict[tuple[str, bytes, str, int], tuple[Extension, ...]] = {}

    def of(self, issuer: Issuer | None, public_key: PublicKey, shard: int) -> tuple[Extension, ...]:
        """Return them, encoded, for an issuer (None: self-signed), a key's family and a shard."""
        family = _family(public_key)
        if issuer is None:
            return tuple(self._build(None, family, shard))
        # An authority's key may have several certificates; its identifier is the same in all.
        key = (issuer.authority, issuer.key_id, family, shard)
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = tuple(self._build(issuer, family, shard))
        return kept

    def _build(self, issuer: Issuer | None, family: str, shard: int) -> Iterator[Extension]:
        wanted = self._definition.extensions
        if issuer is not None:
            yield _encoded(authority_key_identifier(issuer.certificate), critical=False)
        if self._definition.kind == "authority":
            # RFC 5280, Section 4.2.1.9: critical in CA certificates.
            constraints = x509.BasicConstraints(ca=True, path_length=wanted.path_length)
            yield _encoded(constraints, critical=True)
        # RFC 5280, Section 4.2.1.3: SHOULD be critical.
        yield _encoded(_key_usage(self._definition, family), critical=True)
        if wanted.extended_key_usage:
            usages = [
                x509.ObjectIdentifier(EXTENDED_KEY_USAGES[one]) for one in wanted.extended_key_usage
            ]
            yield _encoded(
                x509.ExtendedKeyUsage(usages), critical=wanted.extended_key_usage_critical
            )
        yield from self._policies()
        if issuer is not None:
            yield from self._pointers(issuer, shard)
        yield from self._declarations()

    def _policies(self) -> Iterator[Extension]:
        policy = self._policy_oid
        if self._definition.extensions.any_policy:
            policy = x509.OID_ANY_POLICY.dotted_string
        if policy is not None:
            information = x509.PolicyInformation(x509.ObjectIdentifier(policy), None)
            yield _encoded(x509.CertificatePolicies([information]), critical=False)

    def _pointers(self, issuer: Issuer, shard: int) -> Iterator[Extension]:
        wanted = self._definition.extensions
        locations = {
            "ca-issuers": (
                AuthorityInformationAccessOID.CA_ISSUERS,
                self._publication.issuer_certificate(issuer.authority),
            ),
            "ocsp": (AuthorityInformationAccessOID.OCSP, self._publication.ocsp),
        }
        if wanted.authority_information:
            # RFC 5280, Section 4.2.2.1
            accesses = [
                x509.AccessDescription(locations[one][0], _uri(locations[one][1]))
                for one in wanted.authority_information
            ]
            yield _encoded(x509.AuthorityInformationAccess(accesses), critical=False)
        if wanted.crl_distribution_point:
            # RFC 5280, Section 4.2.1.13: the shard's URL, which its IDP repeats.
            url = _uri(self._publication.crl(issuer.authority, shard))
            point = x509.DistributionPoint([url], None, None, None)
            yield _encoded(x509.CRLDistributionPoints([point]), critical=False)

    def _declarations(self) -> Iterator[Extension]:
        wanted = self._definition.extensions
        if wanted.qc_statements is not None:
            value = encode_qc_statements(wanted.qc_statements, self._disclosures)
            yield _raw(oids.QC_STATEMENTS, value)
        if wanted.ocsp_no_check:
            # RFC 6960, Section 4.2.2.2.1
            yield _encoded(x509.OCSPNoCheck(), critical=False)
        if wanted.no_rev_avail:
            # RFC 9608, Section 2: NULL, never critical.
            yield _raw(oids.NO_REV_AVAIL, NULL_DER)
        if wanted.document_types:
            # ICAO Doc 9303-12, Section 7.1: version 0 and the types of document.
            types = sorted(
                encode_element(PRINTABLE_STRING, one.encode()) for one in wanted.document_types
            )
            content = b"\x02\x01\x00" + encode_element(SET, b"".join(types))
            yield _raw(oids.DOCUMENT_TYPE_LIST, encode_element(SEQUENCE, content))


def _family(public_key: PublicKey) -> str:
    if isinstance(public_key, RSAPublicKey):
        return "rsa"
    return "ec" if isinstance(public_key, EllipticCurvePublicKey) else "ed25519"


def authority_key_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Return the extension that points to an issuer: its own subject key identifier.

    RFC 5280, Section 4.2.1.1; computed from its key where its certificate has none.
    """
    try:
        own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        key = issuer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return x509.AuthorityKeyIdentifier(subject_key_identifier(key), None, None)
    return x509.AuthorityKeyIdentifier(own.value.digest, None, None)


def key_usage_bits(definition: ProfileDefinition, family: str) -> frozenset[str]:
    """Return the key usage bits for a family of keys (rsa, ec or ed25519)."""
    usage = definition.extensions.key_usage
    own = {"rsa": usage.rsa, "ec": usage.ec}.get(family, ())
    return frozenset({*usage.any, *own})


def _key_usage(definition: ProfileDefinition, family: str) -> x509.KeyUsage:
    bits = key_usage_bits(definition, family)
    return x509.KeyUsage(
        digital_signature="digital_signature" in bits,
        content_commitment="content_commitment" in bits,
        key_encipherment="key_encipherment" in bits,
        data_encipherment="data_encipherment" in bits,
        key_agreement="key_agreement" in bits,
        key_cert_sign="key_cert_sign" in bits,
        crl_sign="crl_sign" in bits,
        encipher_only=False,
        decipher_only=False,
    )


def _uri(url: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(url)


def _encoded(value: x509.ExtensionType, *, critical: bool) -> Extension:
    # Encoded now, so that the builder only copies it.
    raw = x509.UnrecognizedExtension(value.oid, value.public_bytes())
    return x509.Extension(value.oid, critical, raw)


def _raw(oid: str, value: bytes) -> Extension:
    identifier = x509.ObjectIdentifier(oid)
    return x509.Extension(identifier, False, x509.UnrecognizedExtension(identifier, value))
