"""What goes over the wire: base64 of DER, whatever a header says (RFC 8951, Section 3)."""

from __future__ import annotations

import binascii
from base64 import b64decode, encodebytes
from collections.abc import Sequence

from asn1crypto import core as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates

from core import oids
from enrollment.est.errors import EstBodyMalformed

PKCS10 = "application/pkcs10"
CERTS_ONLY = "application/pkcs7-mime; smime-type=certs-only"
CSR_ATTRIBUTES = "application/csrattrs"

# RFC 5480, Section 2.1.1.1 and RFC 8410, Section 3; RFC 9908, Section 3.2 has the key's type as
# an attribute whose one value narrows it down.
_CURVES = {"ec-p256": "1.2.840.10045.3.1.7", "ec-p384": "1.3.132.0.34"}
_EC_PUBLIC_KEY = "1.2.840.10045.2.1"
_RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
_ED25519 = "1.3.101.112"
_RSA_BITS = 3072


class _Values(asn1.SetOf):  # type: ignore[misc]
    _child_spec = asn1.Any


class _Attribute(asn1.Sequence):  # type: ignore[misc]
    _fields = [("type", asn1.ObjectIdentifier), ("values", _Values)]  # noqa: RUF012


class _CsrAttributes(asn1.SequenceOf):  # type: ignore[misc]
    _child_spec = asn1.Any


def request_in(body: bytes) -> bytes:
    """Return the DER in a body of base64. Raises EstBodyMalformed."""
    try:
        return b64decode(b"".join(body.split()), validate=True)
    except binascii.Error as error:
        raise EstBodyMalformed("Send the PKCS #10 request as base64 of its DER.") from error


def certs_only(certificates: Sequence[x509.Certificate]) -> bytes:
    """Return a certs-only CMC Simple PKI Response (RFC 5272, Section 4.1) in base64."""
    return encodebytes(serialize_certificates(list(certificates), Encoding.DER))


def csr_attributes(key_type: str) -> bytes:
    """Return the CsrAttrs that ask for a key of one type, in base64. RFC 7030, Section 4.5.2."""
    attributes = _CsrAttributes([_key_attribute(key_type), _extension_request()])
    return encodebytes(attributes.dump())


def _key_attribute(key_type: str) -> asn1.Asn1Value:
    if key_type in _CURVES:
        return _attribute(_EC_PUBLIC_KEY, asn1.ObjectIdentifier(_CURVES[key_type]))
    if key_type == "rsa":
        return _attribute(_RSA_ENCRYPTION, asn1.Integer(_RSA_BITS))
    return asn1.ObjectIdentifier(_ED25519)


def _extension_request() -> asn1.Asn1Value:
    # RFC 8951, Section 4: which extensions the request has to have, their values empty.
    return asn1.ObjectIdentifier(oids.SUBJECT_ALTERNATIVE_NAME)


def _attribute(oid: str, value: asn1.Asn1Value) -> asn1.Asn1Value:
    return _Attribute({"type": oid, "values": _Values([value])})
