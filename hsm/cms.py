"""CMS SignedData by HSM keys (RFC 5652, RFC 5754, RFC 8419), with signed attributes always."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256, sha384, sha512
from typing import Any

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from core.errors import Unacceptable
from hsm.keys import KeyAlgorithm, SigningKey, key_id_of

_DIGESTS = {"sha256": sha256, "sha384": sha384, "sha512": sha512}


class CertificateNotOfKey(Unacceptable):
    """The certificate given with a key carries another one."""

    problem = "certificate-not-of-key"
    title = "The certificate belongs to another key"


@dataclass(frozen=True)
class _Algorithms:
    """Names of asn1crypto. ``null``: the parameters are NULL (RFC 5754, Section 3.2), not absent.

    A different digest over the content than inside the signature would only invite mistakes:
    RFC 5754 wants the same, and RFC 8419, Section 3 demands SHA-512 beside Ed25519.
    """

    digest: str
    signature: str
    null: bool = False


_ALGORITHMS = {
    KeyAlgorithm.EC_P256: _Algorithms("sha256", "sha256_ecdsa"),
    KeyAlgorithm.EC_P384: _Algorithms("sha384", "sha384_ecdsa"),
    KeyAlgorithm.RSA_3072: _Algorithms("sha256", "sha256_rsa", null=True),
    KeyAlgorithm.RSA_4096: _Algorithms("sha512", "sha512_rsa", null=True),
    KeyAlgorithm.ED25519: _Algorithms("sha512", "ed25519"),
}


def sign_cms(
    *,
    signing_key: SigningKey,
    certificate: x509.Certificate,
    content: bytes,
    chain: Sequence[x509.Certificate] = (),
    detached: bool = False,
    content_type: str = "data",
    signing_time: datetime | None = None,
    attributes: Iterable[cms.CMSAttribute] = (),
) -> bytes:
    """Return the DER of a ContentInfo with SignedData over ``content``, signed by one signer.

    ``content_type`` is asn1crypto's name (``data``, ``tst_info``) or a dotted OID. The signed
    attributes are content-type, message-digest, signing-certificate-v2 (RFC 5035), signing-time
    if given, and ``attributes``. ``detached`` leaves the content out. Raises
    CertificateNotOfKey and what the key itself raises.
    """
    if key_id_of(certificate.public_key()) != signing_key.key_id:  # type: ignore[arg-type]
        raise CertificateNotOfKey("The certificate given does not carry the signing key.")
    algorithms = _ALGORITHMS[signing_key.algorithm]
    signed_attributes = cms.CMSAttributes(
        [
            _attribute("content_type", content_type),
            _attribute("message_digest", _DIGESTS[algorithms.digest](content).digest()),
            _signing_certificate(certificate),
            *([] if signing_time is None else [_signing_time(signing_time)]),
            *attributes,
        ]
    )
    # RFC 5652, Section 5.4: what is signed is the DER of the SET OF, not of the [0] it is sent as.
    signature = signing_key.sign(signed_attributes.dump())
    signer = _signer(certificate, algorithms, signed_attributes, signature)
    signed_data = cms.SignedData(
        {
            # RFC 5652, Section 5.1: 3 unless the content is id-data.
            "version": "v1" if content_type == "data" else "v3",
            "digest_algorithms": [{"algorithm": algorithms.digest}],
            "encap_content_info": _encapsulated(content_type, None if detached else content),
            "certificates": _certificates([certificate, *chain]),
            "signer_infos": [signer],
        }
    )
    info = cms.ContentInfo({"content_type": "signed_data", "content": signed_data})
    der: bytes = info.dump()
    return der


def _signer(
    certificate: x509.Certificate,
    algorithms: _Algorithms,
    signed_attributes: cms.CMSAttributes,
    signature: bytes,
) -> cms.SignerInfo:
    parsed = _asn1(certificate)
    method: dict[str, object] = {"algorithm": algorithms.signature}
    if algorithms.null:
        method["parameters"] = core.Null()
    return cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                "issuer_and_serial_number",
                cms.IssuerAndSerialNumber(
                    {"issuer": parsed.issuer, "serial_number": parsed.serial_number}
                ),
            ),
            "digest_algorithm": {"algorithm": algorithms.digest},
            "signed_attrs": signed_attributes,
            "signature_algorithm": method,
            "signature": signature,
        }
    )


def _encapsulated(content_type: str, content: bytes | None) -> dict[str, object]:
    encapsulated: dict[str, object] = {"content_type": content_type}
    # RFC 5652, Section 5.2: a detached signature leaves eContent out.
    if content is None:
        return encapsulated
    # asn1crypto wants to be told that octets are not yet parsed, except of id-data.
    octets = content if content_type == "data" else core.ParsableOctetString(content)
    return {**encapsulated, "content": octets}


def _certificates(certificates: Sequence[x509.Certificate]) -> list[cms.CertificateChoices]:
    # X.690, Section 11.6: the elements of a SET OF in DER are in ascending order of their octets.
    # asn1crypto leaves the order of this SET to us, and some verifiers refuse any other.
    distinct = {certificate.public_bytes(Encoding.DER) for certificate in certificates}
    return [
        cms.CertificateChoices("certificate", asn1_x509.Certificate.load(der))
        for der in sorted(distinct)
    ]


def _signing_certificate(certificate: x509.Certificate) -> cms.CMSAttribute:
    # RFC 5035, Section 4: SHA-256 is the default, so its algorithm is left out.
    parsed = _asn1(certificate)
    identifier = tsp.ESSCertIDv2(
        {
            "cert_hash": sha256(certificate.public_bytes(Encoding.DER)).digest(),
            "issuer_serial": {
                "issuer": [asn1_x509.GeneralName("directory_name", parsed.issuer)],
                "serial_number": parsed.serial_number,
            },
        }
    )
    return _attribute("signing_certificate_v2", tsp.SigningCertificateV2({"certs": [identifier]}))


def _signing_time(at: datetime) -> cms.CMSAttribute:
    # RFC 5652, Section 11.3: UTCTime until 2049, GeneralizedTime from 2050, whole seconds.
    whole = at.replace(microsecond=0)
    name = "utc_time" if at.year < _FIRST_GENERALIZED_YEAR else "generalized_time"
    value = core.UTCTime(whole) if name == "utc_time" else core.GeneralizedTime(whole)
    return _attribute("signing_time", cms.Time(name, value))


_FIRST_GENERALIZED_YEAR = 2050


def _attribute(kind: str, value: Any) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": kind, "values": [value]})


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
