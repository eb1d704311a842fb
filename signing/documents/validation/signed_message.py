"""A CMS SignedData (RFC 5652) of which every signer is checked by mathematics alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms, parser, tsp, x509
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity

from signing.documents.validation.errors import DocumentUnreadable
from signing.documents.validation.indications import Integrity, SubIndication
from signing.documents.validation.opening import UNCHANGED, guarded

DATA = "data"
TST_INFO = "tst_info"


class SignatureMalformed(DocumentUnreadable):
    """The octets in the place of a signature are none."""


class SignatureUnsupported(SignatureMalformed):
    """A signature of a kind that is not examined here."""


@dataclass(frozen=True)
class Mathematics:
    """What digest and signature value say; ``problem`` is None when both fit."""

    integrity: Integrity
    problem: SubIndication | None = None
    reason: str | None = None


FITS = Mathematics(Integrity.INTACT)


@dataclass(frozen=True)
class SignedMessage:
    """One signer of a SignedData, with the certificates that came along.

    ``signer_certificate`` is None when it is not among them.
    """

    signed_data: cms.SignedData
    signer_info: cms.SignerInfo
    certificates: tuple[x509.Certificate, ...]
    signer_certificate: x509.Certificate | None

    @property
    def signature_value(self) -> bytes:
        """The octets that a signature time-stamp is about."""
        return bytes(self.signer_info["signature"].native)

    @property
    def digest_algorithm(self) -> str:
        """The hash function for the content."""
        return str(self.signer_info["digest_algorithm"]["algorithm"].native)

    @property
    def content_type(self) -> str:
        """What kind of content is signed: data, or the TSTInfo of a time-stamp."""
        return str(self.signed_data["encap_content_info"]["content_type"].native)

    @property
    def enclosed_content(self) -> bytes | None:
        """The content that lies within, or None for a detached signature."""
        content = self.signed_data["encap_content_info"]["content"]
        return bytes(content) if content.native is not None else None

    @property
    def has_signed_attributes(self) -> bool:
        """Whether the key signed attributes with the content's digest, or the content itself."""
        return self.signer_info["signed_attrs"].native is not None

    def signed_attribute(self, name: str) -> Any | None:
        """Return the one value of a signed attribute."""
        return _attribute(self.signer_info["signed_attrs"], name)

    def unsigned_values(self, name: str) -> list[Any]:
        """Return every value of an unsigned attribute."""
        attributes = self.signer_info["unsigned_attrs"]
        if attributes.native is None:
            return []
        return [
            value for one in attributes if one["type"].native == name for value in one["values"]
        ]


def read_signed_data(der: bytes) -> cms.SignedData:
    """Read a ContentInfo with SignedData. Raises SignatureMalformed."""
    with guarded("signature"):
        message = cms.ContentInfo.load(der)
        if message["content_type"].native != "signed_data":
            raise SignatureMalformed("This CMS message is no signature.", kept=UNCHANGED)
        signed_data: cms.SignedData = message["content"]
        # Parsed now: asn1crypto would otherwise fail later, wherever a field is first looked at.
        _ = signed_data["encap_content_info"]["content_type"].native
        _ = [one["signature"].native for one in signed_data["signer_infos"]]
    return signed_data


def der_length(octets: bytes) -> int:
    """Return how many octets the first DER value has. Raises SignatureMalformed."""
    with guarded("signature"):
        return int(parser.peek(octets))


def read_messages(signed_data: cms.SignedData) -> list[SignedMessage]:
    """Return a message for each signer."""
    with guarded("signature"):
        certificates = tuple(
            choice.chosen
            for choice in signed_data["certificates"] or ()
            if choice.name == "certificate"
        )
        return [
            SignedMessage(signed_data, one, certificates, _signer(one, certificates))
            for one in signed_data["signer_infos"]
        ]


def check_mathematics(
    message: SignedMessage, digest_of: Callable[[str], bytes], *, expects: str = DATA
) -> Mathematics:
    """Check digest and signature value. ``digest_of`` hashes the content by an algorithm's name."""
    certificate = message.signer_certificate
    if certificate is None:
        return Mathematics(
            Integrity.NOT_COVERED,
            SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
            "The signer's certificate is not in the signature, so its value cannot be checked.",
        )
    try:
        with guarded("signature"):
            digest = digest_of(message.digest_algorithm)
            fits, is_valid = _fits(message, certificate, expects, digest)
    except _Mismatch as error:
        return Mathematics(Integrity.ALTERED, error.sub_indication, error.detail)
    except DocumentUnreadable as error:
        return Mathematics(Integrity.ALTERED, SubIndication.FORMAT_FAILURE, error.detail)
    if not fits:
        reason = "The content is not what was signed: its digest is another."
        return Mathematics(Integrity.ALTERED, SubIndication.HASH_FAILURE, reason)
    if not is_valid:
        reason = "The signature value was not made over this with the signer's key."
        return Mathematics(Integrity.ALTERED, SubIndication.SIG_CRYPTO_FAILURE, reason)
    return FITS


def _fits(
    message: SignedMessage, certificate: x509.Certificate, expects: str, digest: bytes
) -> tuple[bool, bool]:
    try:
        return validate_sig_integrity(
            message.signer_info, certificate, expected_content_type=expects, actual_digest=digest
        )
    except SignatureValidationError as error:
        # A judgement, not a parser's fault: it passes the guard as a refusal of ours.
        raise _Mismatch(error) from error


class _Mismatch(DocumentUnreadable):
    def __init__(self, error: SignatureValidationError) -> None:
        super().__init__(str(error.failure_message), kept=UNCHANGED)
        self.sub_indication = SubIndication.FORMAT_FAILURE
        if error.ades_subindication is AdESIndeterminate.NO_SIGNING_CERTIFICATE_FOUND:
            self.sub_indication = SubIndication.NO_SIGNING_CERTIFICATE_FOUND


def token_content_digest(message: SignedMessage, algorithm: str) -> bytes:
    """Return the digest of the content that lies within, which a time-stamp token signs."""
    return hashlib.new(algorithm, message.enclosed_content or b"").digest()


def read_tst_info(message: SignedMessage) -> tsp.TSTInfo:
    """Return what a time-stamp token says (RFC 3161). Raises SignatureMalformed."""
    if message.content_type != TST_INFO:
        raise SignatureMalformed("This is no time-stamp.", kept=UNCHANGED)
    with guarded("time-stamp"):
        info = tsp.TSTInfo.load(message.enclosed_content or b"", strict=True)
        _ = info.native
    return info


def _signer(
    signer_info: cms.SignerInfo, certificates: tuple[x509.Certificate, ...]
) -> x509.Certificate | None:
    sid = signer_info["sid"]
    for one in certificates:
        if sid.name == "issuer_and_serial_number":
            named = sid.chosen
            if one.serial_number == named["serial_number"].native and one.issuer == named["issuer"]:
                return one
        elif one.key_identifier == sid.chosen.native:
            return one
    return None


def _attribute(attributes: Any, name: str) -> Any | None:
    if attributes.native is None:
        return None
    values = [value for one in attributes if one["type"].native == name for value in one["values"]]
    return values[0] if len(values) == 1 else None
