"""Signatures over documents that are known by their hash alone: CMS without the document.

RFC 5652 with the attributes of CAdES and PAdES baseline signatures (ETSI EN 319 122-1, Section 6;
ETSI EN 319 142-1, Section 6.3):

1. The signed attributes are content-type, message-digest and signing-certificate-v2 (RFC 5035); for
   CAdES the signing-time too, which a PDF has in its signature dictionary.
2. The key signs the hash of these attributes; the room of keys sees to it that the message-digest
   among them is the hash that was authorized.
3. For level T a time-stamp over the signature's value joins it as an unsigned attribute.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hsm.digests import DigestAlgorithm, SignatureScheme


class SignatureFormat(StrEnum):
    """The formats of CSC 2.0, Section 11.11, that are made of a hash alone."""

    CADES = "C"
    PADES = "P"


class TimestampSource(Protocol):
    """Makes time-stamps (RFC 3161); ``camtrust/`` connects the time-stamping authority."""

    def token_for(self, digest: bytes, hash_algorithm: str, *, nonce: int | None = None) -> bytes:
        """Return a TimeStampToken over a digest, DER, with its ``nonce``.

        Raises Malformed, Unacceptable, Unavailable.
        """


@dataclass(frozen=True)
class SignerInformation:
    """Who signs, and how."""

    certificate: x509.Certificate
    chain: Sequence[x509.Certificate]
    digest: DigestAlgorithm
    scheme: SignatureScheme


def signed_attributes(
    document_hash: bytes, signer: SignerInformation, form: SignatureFormat, now: datetime
) -> bytes:
    """Return the DER of SignedAttributes as they are signed (RFC 5652, Section 5.4)."""
    der = signer.certificate.public_bytes(Encoding.DER)
    reference = tsp.ESSCertIDv2(
        {
            "hash_algorithm": {"algorithm": "sha256"},
            "cert_hash": hashlib.sha256(der).digest(),
        }
    )
    attributes: list[tuple[str, object]] = [
        ("content_type", "data"),
        ("message_digest", document_hash),
        ("signing_certificate_v2", tsp.SigningCertificateV2({"certs": [reference]})),
    ]
    if form is SignatureFormat.CADES:
        attributes.append(("signing_time", cms.Time({"utc_time": now.replace(microsecond=0)})))
    made = [cms.CMSAttribute({"type": name, "values": [value]}) for name, value in attributes]
    # dump() sorts a SET OF as DER demands (X.690, Section 11.6).
    return bytes(cms.CMSAttributes(made).dump())


def signature_object(
    attributes_der: bytes, signature: bytes, signer: SignerInformation, stamp: bytes | None
) -> bytes:
    """Return a CMS SignedData without content, DER."""
    certificate = asn1_x509.Certificate.load(signer.certificate.public_bytes(Encoding.DER))
    information = cms.SignerInfo(
        {
            "version": "v1",
            "sid": {
                "issuer_and_serial_number": {
                    "issuer": certificate.issuer,
                    "serial_number": certificate.serial_number,
                }
            },
            "digest_algorithm": {"algorithm": str(signer.digest)},
            "signed_attrs": cms.CMSAttributes.load(attributes_der),
            "signature_algorithm": _signature_algorithm(signer),
            "signature": signature,
        }
    )
    if stamp is not None:
        token = cms.ContentInfo.load(stamp)
        information["unsigned_attrs"] = [{"type": "signature_time_stamp_token", "values": [token]}]
    signed = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [{"algorithm": str(signer.digest)}],
            "encap_content_info": {"content_type": "data"},
            "certificates": _certificates(signer),
            "signer_infos": [information],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())


def _certificates(signer: SignerInformation) -> list[asn1_x509.Certificate]:
    # The anchor is the verifier's own: whoever trusts it has it.
    sent = [signer.certificate, *(one for one in signer.chain if one.subject != one.issuer)]
    return [asn1_x509.Certificate.load(one.public_bytes(Encoding.DER)) for one in sent]


def _signature_algorithm(signer: SignerInformation) -> algos.SignedDigestAlgorithm:
    name = str(signer.digest)
    if signer.scheme is SignatureScheme.ECDSA:
        return algos.SignedDigestAlgorithm({"algorithm": f"{name}_ecdsa"})
    if signer.scheme is SignatureScheme.RSA_PKCS1:
        # RFC 5754, Section 3.2: the parameters are NULL.
        return algos.SignedDigestAlgorithm({"algorithm": f"{name}_rsa", "parameters": core.Null()})
    parameters = algos.RSASSAPSSParams(
        {
            "hash_algorithm": {"algorithm": name},
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": name}},
            "salt_length": signer.digest.octets,
        }
    )
    return algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": parameters})
