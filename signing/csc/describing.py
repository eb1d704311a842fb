"""What ``info``, ``credentials/list`` and ``credentials/info`` answer (CSC 2.0, Section 11).

Members of version 1 (``authMode``, ``PIN``) stand beside those of version 2.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from hsm.keys import PublicKey
from signing.credentials.certificates import SigningCertificate
from signing.credentials.credential import Credential, CredentialState, HolderKind
from signing.csc.algorithms import algorithms_of
from signing.csc.errors import CscRequestRefused
from signing.csc.whole_documents import ENVELOPES, ConformanceLevel

PIN_OBJECT, ASSERTION_OBJECT = "PIN", "client_assertion"
_CURVES = {"secp256r1": "1.2.840.10045.3.1.7", "secp384r1": "1.3.132.0.34"}
# CSC 2.0, Section 11.5: the states of a certificate, by ours.
_CERTIFICATE_STATUS = {
    None: "valid",
    "revoked": "revoked",
    "on-hold": "suspended",
    "expired": "expired",
    "not-yet-valid": "suspended",
}


def describe_key(credential: Credential) -> dict[str, Any]:
    """Return the member ``key``."""
    public = credential.public_key
    described: dict[str, Any] = {
        "status": "enabled" if credential.state is CredentialState.ACTIVE else "disabled",
        "algo": algorithms_of(credential.algorithm, credential.schemes),
        "len": _bits(public),
    }
    if isinstance(public, ec.EllipticCurvePublicKey):
        described["curve"] = _CURVES[public.curve.name]
    return described


def describe_certificate(
    held: SigningCertificate, *, certificates: str, info: bool, now: datetime
) -> dict[str, Any]:
    """Return the member ``cert``; ``certificates`` is none, single or chain."""
    if certificates not in {"none", "single", "chain"}:
        raise CscRequestRefused("Invalid parameter certificates")
    described: dict[str, Any] = {"status": _CERTIFICATE_STATUS[held.trouble(now)]}
    if certificates != "none":
        chain = held.chain if certificates == "chain" else ()
        described["certificates"] = [_base64(one) for one in (held.certificate, *chain)]
    if info:
        certificate = held.certificate
        described |= {
            "issuerDN": certificate.issuer.rfc4514_string(),
            "serialNumber": f"{certificate.serial_number:x}",
            "subjectDN": certificate.subject.rfc4514_string(),
            "validFrom": _generalized(certificate.not_valid_before_utc),
            "validTo": _generalized(certificate.not_valid_after_utc),
        }
    return described


def describe_auth(credential: Credential) -> dict[str, Any]:
    """Return ``auth`` and what version 1 has instead of it: how signatures are authorized."""
    if credential.holder.kind is HolderKind.PERSON:
        return {"auth": {"mode": "oauth2code"}, "authMode": "oauth2code"}
    return {
        "auth": {
            "mode": "explicit",
            "expression": f"{PIN_OBJECT} AND {ASSERTION_OBJECT}",
            "objects": [
                {"type": "Password", "id": PIN_OBJECT, "label": "PIN", "format": "A"},
                {
                    "type": "Token",
                    "id": ASSERTION_OBJECT,
                    "label": "Signed assertion",
                    "description": "Not needed with an access token bound to a certificate "
                    "(RFC 8705). A JWT (RFC 7523) of your program with the members credentialID "
                    "and hashes, as in the request.",
                },
            ],
        },
        "authMode": "explicit",
        "PIN": {"presence": "true", "format": "A", "label": "PIN"},
        "OTP": {"presence": "false"},
    }


def describe_service(
    *, name: str, url: str, methods: list[str], lang: str, algorithms: list[str]
) -> Mapping[str, Any]:
    """Return what ``info`` answers."""
    return {
        "specs": "2.0.0.2",
        "name": name,
        "logo": f"{url}/assets/page/crest.svg",
        "region": "KH",
        "lang": lang,
        "description": "Remote signatures and seals of Cambodia's national PKI",
        "authType": ["oauth2code", "oauth2client"],
        "oauth2": f"{url}/csc/v2",
        "oauth2Issuer": url,
        "asynchronousOperationMode": False,
        "methods": methods,
        "validationInfo": True,
        "signAlgorithms": {"algos": algorithms},
        "signature_formats": {
            "formats": [str(one) for one in ENVELOPES],
            "envelope_properties": [list(one) for one in ENVELOPES.values()],
        },
        "conformance_levels": [str(one) for one in ConformanceLevel],
    }


def _bits(public: PublicKey) -> int:
    return (
        public.key_size if isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey) else 0
    )


def _base64(certificate: x509.Certificate) -> str:
    return b64encode(certificate.public_bytes(Encoding.DER)).decode()


def _generalized(at: datetime) -> str:
    # CSC 2.0, Section 11.5: GeneralizedTime (RFC 5280, Section 4.1.2.5.2).
    return at.strftime("%Y%m%d%H%M%SZ")
