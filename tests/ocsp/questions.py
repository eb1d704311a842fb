"""OCSP requests made with other people's encoders, and answers read with theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asn1crypto import core as asn1_core
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as x509_ocsp

NONCE_OID = "1.3.6.1.5.5.7.48.1.2"


def ask(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    hashed: HashAlgorithm | None = None,
) -> bytes:
    """One question, as ``cryptography`` encodes it."""
    builder = x509_ocsp.OCSPRequestBuilder()
    builder = builder.add_certificate(certificate, issuer, hashed or SHA1())
    return builder.build().public_bytes(Encoding.DER)


def ask_serial(issuer: x509.Certificate, like: x509.Certificate, serial_number: int) -> bytes:
    """The question for ``like`` with another serial number."""
    return ask_many([(like, issuer)], serials=[serial_number])


def ask_many(
    pairs: Sequence[tuple[x509.Certificate, x509.Certificate]],
    *,
    nonce: bytes | None = None,
    raw_nonce: bytes | None = None,
    extensions: Sequence[dict[str, Any]] = (),
    serials: Sequence[int] | None = None,
) -> bytes:
    """Several questions, as asn1crypto encodes them."""
    questions = []
    for position, (certificate, issuer) in enumerate(pairs):
        single = asn1_ocsp.OCSPRequest.load(ask(certificate, issuer, SHA256()))
        cert_id = single["tbs_request"]["request_list"][0]["req_cert"].copy()
        if serials is not None:
            cert_id["serial_number"] = serials[position]
        questions.append({"req_cert": cert_id})
    listed = list(extensions)
    if nonce is not None:
        raw_nonce = asn1_core.OctetString(nonce).dump()
    if raw_nonce is not None:
        listed.append(
            {
                "extn_id": NONCE_OID,
                "critical": False,
                "extn_value": asn1_core.ParsableOctetString(raw_nonce),
            }
        )
    request: dict[str, Any] = {"request_list": questions}
    if listed:
        request["request_extensions"] = listed
    return bytes(asn1_ocsp.OCSPRequest({"tbs_request": request}).dump(force=True))


def read(der: bytes) -> x509_ocsp.OCSPResponse:
    """The response as ``cryptography`` reads it."""
    return x509_ocsp.load_der_ocsp_response(der)


def responses_of(der: bytes) -> list[Any]:
    """The single responses as asn1crypto reads them."""
    parsed = asn1_ocsp.OCSPResponse.load(der, strict=True)
    return list(parsed.response_data["responses"])


def nonce_of(der: bytes) -> bytes | None:
    """The nonce of a response, as asn1crypto reads it."""
    parsed = asn1_ocsp.OCSPResponse.load(der, strict=True)
    for extension in parsed.response_data["response_extensions"]:
        if extension["extn_id"].native == "nonce":
            return bytes(extension["extn_value"].parsed.native)
    return None
