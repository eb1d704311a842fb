"""Verify a time-stamp token, ours or another's: RFC 3161, Section 2.2 and RFC 5816.

1. The answer has a token: a SignedData over a TSTInfo, with one signer.
2. The token is about this digest, and has this nonce.
3. The signer's certificate is the one that the token names, by ESSCertID or ESSCertIDv2.
4. The signature is over the attributes, and these over the TSTInfo.
5. The certificate is for time-stamping alone, critically (RFC 3161, Section 2.3).
6. It was valid at the token's time, and leads to an anchor.

Whether it was revoked is not looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from ca.der import INTEGER, SEQUENCE, UTF8_STRING, NotDer, read_integer, read_only
from ca.foreign_certificates import read_certificate
from core.errors import Malformed, Unacceptable
from signing.timestamps.chains import leads_to_anchor

_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_REFUSAL_STATUS = 2  # PKIStatus: granted (0) and grantedWithMods (1) have a token


class TimestampMalformed(Malformed):
    """The octets are no time-stamp token."""

    problem = "timestamp-malformed"
    title = "This is no time-stamp"


class TimestampNotVerified(Unacceptable):
    """The token was read, and proves nothing; the detail says why."""

    problem = "timestamp-not-verified"
    title = "The time-stamp does not verify"


@dataclass(frozen=True)
class VerifiedTimestamp:
    """What a verified token says, and who signed it."""

    gen_time: datetime
    policy: str
    serial_number: int
    hash_algorithm: str
    signer: x509.Certificate


def verify_timestamp(
    reply_der: bytes,
    *,
    data: bytes,
    nonce: int | None,
    anchors: Sequence[x509.Certificate],
    others: Sequence[x509.Certificate] = (),
) -> VerifiedTimestamp:
    """Verify a TimeStampResp, or a token alone, over ``data``.

    ``nonce`` is the query's, None where there is none to compare. ``others`` are certificates that
    the token may have left out. Raises TimestampMalformed or TimestampNotVerified.
    """
    token_der = token_of(reply_der)  # Step 1.
    try:
        return _verify(token_der, data, nonce, anchors, others)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        # asn1crypto reads as it is asked and says so in any of these.
        raise TimestampMalformed("The token cannot be read.") from error


def token_of(reply_der: bytes) -> bytes:
    """Return the token of a TimeStampResp, or a token as it is.

    Raises TimestampMalformed, and TimestampNotVerified for a refusal, with its words.
    """
    try:
        fields = list(read_only(reply_der, SEQUENCE).children())
        if not fields or fields[0].tag != SEQUENCE:
            return reply_der
        status, *rest = fields[0].children()
        if status.tag != INTEGER:
            raise TimestampMalformed("The answer has no status.")
        if read_integer(status) < _REFUSAL_STATUS and len(fields) == 2:
            return fields[1].der
        words = [
            text.value
            for one in rest
            if one.tag == SEQUENCE
            for text in one.children()
            if text.tag == UTF8_STRING
        ]
    except (NotDer, ValueError) as error:
        raise TimestampMalformed("The answer cannot be read.") from error
    said = b" ".join(words).decode("utf-8", "replace")
    raise TimestampNotVerified(f"The answer is a refusal: {said or 'without a reason'}")


def _verify(
    token_der: bytes,
    data: bytes,
    nonce: int | None,
    anchors: Sequence[x509.Certificate],
    others: Sequence[x509.Certificate],
) -> VerifiedTimestamp:
    content = cms.ContentInfo.load(token_der, strict=True)
    _hold(content["content_type"].native == "signed_data", "The token is not signed.")
    signed = content["content"]
    encapsulated = signed["encap_content_info"]
    _hold(encapsulated["content_type"].native == "tst_info", "The token is no time-stamp.")
    _hold(len(signed["signer_infos"]) == 1, "The token has not one signer.")
    info: tsp.TSTInfo = encapsulated["content"].parsed
    hash_algorithm = _check_imprint(info, data, nonce)  # Step 2.
    [signer_info] = signed["signer_infos"]
    carried = [read_certificate(one.dump()) for one in signed["certificates"] or ()]
    known = [*carried, *others]
    signer = _signer(signer_info, known)  # Step 3.
    _check_signature(signer_info, encapsulated["content"].contents, signer)  # Step 4.
    _check_purpose(signer)  # Step 5.
    gen_time: datetime = info["gen_time"].native
    trusted = leads_to_anchor(signer, known, anchors, at=gen_time)  # Step 6.
    _hold(trusted, "The unit's certificate was not valid then, or leads to no anchor given.")
    return VerifiedTimestamp(
        gen_time=gen_time,
        policy=info["policy"].dotted,
        serial_number=info["serial_number"].native,
        hash_algorithm=hash_algorithm,
        signer=signer,
    )


def _hold(condition: bool, otherwise: str) -> None:
    if not condition:
        raise TimestampNotVerified(otherwise)


def _check_imprint(info: tsp.TSTInfo, data: bytes, nonce: int | None) -> str:
    imprint = info["message_imprint"]
    name: str = imprint["hash_algorithm"]["algorithm"].native
    _hold(name in _HASHES, f"The token has a digest by {name}, which proves nothing today.")
    digest = hashlib.new(name, data).digest()
    same = imprint["hashed_message"].native == digest
    _hold(same, "The token is about other data than these.")
    _hold(nonce is None or info["nonce"].native == nonce, "The token answers another query.")
    return name


def _signer(signer_info: cms.SignerInfo, known: Sequence[x509.Certificate]) -> x509.Certificate:
    attributes = _attributes(signer_info)
    version_2 = attributes.get("signing_certificate_v2")
    named = version_2 or attributes.get("signing_certificate")
    _hold(named is not None, "The token does not name its signer's certificate.")
    [first, *_] = named["certs"]  # type: ignore[index]
    name = first["hash_algorithm"]["algorithm"].native if version_2 else "sha1"
    for one in known:
        der = one.public_bytes(Encoding.DER)
        if hashlib.new(name, der).digest() == first["cert_hash"].native:
            return one
    raise TimestampNotVerified(
        "The certificate of the signer is not in the token: give it along with the trust."
    )


def _attributes(signer_info: cms.SignerInfo) -> dict[str, Any]:
    return {one["type"].native: one["values"][0] for one in signer_info["signed_attrs"]}


def _check_signature(signer_info: cms.SignerInfo, content: bytes, signer: x509.Certificate) -> None:
    attributes = _attributes(signer_info)
    name: str = signer_info["digest_algorithm"]["algorithm"].native
    _hold(name in _HASHES, f"The token is signed over a digest by {name}.")
    same = attributes["message_digest"].native == hashlib.new(name, content).digest()
    _hold(same and attributes["content_type"].native == "tst_info", "The token was changed.")
    # RFC 5652, Section 5.4: the attributes are signed with the tag of a SET.
    message = signer_info["signed_attrs"].untag().dump()
    signature, key = signer_info["signature"].native, signer.public_key()
    hashed = _HASHES[name]()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(hashed))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashed)
        else:
            raise TimestampNotVerified("The signer's key is of a type that is not known here.")
    except InvalidSignature as error:
        raise TimestampNotVerified("The signature is wrong.") from error


def _check_purpose(signer: x509.Certificate) -> None:
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise TimestampNotVerified("The signer's certificate is not for time-stamping.") from None
    alone = list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
    _hold(usage.critical and alone, "The signer's certificate is not for time-stamping alone.")
