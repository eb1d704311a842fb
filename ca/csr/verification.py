"""Turn bytes from a stranger into a :class:`VerifiedCsr`, or say what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from ca.csr.parsing import ParsedCsr, parse_csr
from ca.csr.public_keys import read_public_key
from ca.csr.requested import RequestedExtension, RequestedName
from ca.csr.signature import check_signature_algorithm, verify_signature
from ca.csr.subject import read_names
from ca.csr.templates import RequestedTemplate, parse_cert_request
from hsm.keys import PublicKey


@dataclass(frozen=True)
class VerifiedCsr:
    """A request whose signature, key and names were checked; only this module makes one.

    ``subject`` holds (dotted OID, text) in the request's order; ``extensions`` what it asks
    for, ``alternative_names`` its subjectAltName, and ``requests_authority`` whether it wants
    to be a certification authority. Whether any of it is granted is the profile's matter.
    """

    public_key: PublicKey
    public_key_der: bytes
    public_key_sha256: bytes
    subject: tuple[tuple[str, str], ...]
    extensions: tuple[RequestedExtension, ...]
    alternative_names: tuple[RequestedName, ...]
    requests_authority: bool
    csr_der: bytes

    def subject_value(self, oid: str) -> str | None:
        """Return the first value of an attribute in the requested subject."""
        return next((value for name, value in self.subject if name == oid), None)


def verify_csr(data: bytes) -> VerifiedCsr:
    """Verify a PKCS #10 request, PEM or DER (RFC 2986).

    1. Read it strictly. Raises CsrMalformed and its kinds.
    2. Refuse MD5 and SHA-1, foreign and weak keys, and names that nobody can read. Raises
       Unacceptable, each defect with a problem of its own (:mod:`ca.csr.refusals`).
    3. Verify that it is signed with its own key. Raises CsrSignatureWrong.
    """
    parsed = parse_csr(data)
    check_signature_algorithm(parsed)
    csr, key = _judged(parsed)
    verify_signature(parsed, key)
    return csr


def verify_cert_request(
    data: bytes, *, sender_is_believed: bool = False
) -> tuple[VerifiedCsr, RequestedTemplate]:
    """Verify a CertReqMsg of CRMF (RFC 4211), by the steps of :func:`verify_csr`.

    Beside the request comes what a PKCS #10 request cannot say. ``sender_is_believed``: an
    authority that registers others says that it has seen the proof of possession
    (``raVerified``); from anybody else that is refused. Raises as :func:`verify_csr`,
    PossessionNotProven and TemplateRefused.
    """
    parsed, template = parse_cert_request(data, ra_verified_allowed=sender_is_believed)
    if template.ra_verified:
        return _judged(parsed)[0], template
    check_signature_algorithm(parsed)
    csr, key = _judged(parsed)
    verify_signature(parsed, key)
    return csr, template


def _judged(parsed: ParsedCsr) -> tuple[VerifiedCsr, PublicKey]:
    """Return the request with its key; neither is believed before the signature is verified."""
    key = read_public_key(parsed.public_key_info)
    csr = VerifiedCsr(
        public_key=key,
        public_key_der=parsed.public_key_info,
        public_key_sha256=sha256(parsed.public_key_info).digest(),
        subject=read_names(parsed.subject),
        extensions=parsed.extensions,
        alternative_names=parsed.alternative_names,
        requests_authority=parsed.requests_authority,
        csr_der=parsed.csr_der,
    )
    return csr, key
