"""Turn a ceremony's order into the request that issuance takes, with a request's own proof."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from ca.ceremony.stage import CertificateOrder
from ca.csr import VerifiedCsr, verify_csr
from ca.plan import CertificateRequest
from hsm.keys import KeyAlgorithm

# What each key type signs with (hsm.keys.KeyAlgorithm); Ed25519 has its own.
HASHES: dict[KeyAlgorithm, hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None] = {
    KeyAlgorithm.EC_P256: hashes.SHA256(),
    KeyAlgorithm.EC_P384: hashes.SHA384(),
    KeyAlgorithm.RSA_3072: hashes.SHA256(),
    KeyAlgorithm.RSA_4096: hashes.SHA512(),
    KeyAlgorithm.ED25519: None,
}


def request_for(
    order: CertificateOrder, private_key: CertificateIssuerPrivateKeyTypes | None
) -> CertificateRequest:
    """Return the request; its CSR is the order's, or signed with ``private_key``, our own."""
    return CertificateRequest(
        profile=order.profile,
        csr=order.csr or _own_csr(order, private_key),
        holder=order.holder,
        facts=order.subject.facts(),
        authority=order.issuer,
        reference=order.reference,
    )


def _own_csr(
    order: CertificateOrder, private_key: CertificateIssuerPrivateKeyTypes | None
) -> VerifiedCsr:
    if order.key is None or private_key is None:
        raise ValueError("an order without a request of its own needs our key")
    builder = x509.CertificateSigningRequestBuilder().subject_name(order.subject.name())
    csr = builder.sign(private_key, HASHES[order.key.algorithm])
    return verify_csr(csr.public_bytes(Encoding.DER))
