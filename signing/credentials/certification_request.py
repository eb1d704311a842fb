"""The certification request of a remote key (PKCS #10, RFC 2986), signed by that key in the HSM."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from hsm.keys import SigningKey
from hsm.private_keys import as_private_key, hash_for


def certification_request(key: SigningKey, credential_id: str) -> bytes:
    """Return the request in DER.

    It names nobody: who the holder is, the application says. Raises TokenUnavailable.
    """
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, credential_id)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(as_private_key(key), hash_for(key.algorithm)).public_bytes(Encoding.DER)
