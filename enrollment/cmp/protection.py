"""Whose message it is, and how the answer is protected (RFC 9483, Section 3.2).

By the secret of a grant (MAC), which senderKID names, or by a signature with a certificate of
ours, which stands first in extraCerts. The answer is protected in the same way.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ca.csr.parsing import read_algorithm
from ca.csr.public_keys import read_public_key
from ca.csr.refusals import CsrSignatureAlgorithmRefused
from ca.csr.signature import verify_octets
from ca.der import SEQUENCE, read_element, read_only
from ca.foreign_certificates import read_certificate
from ca.register import RegisteredCertificate
from enrollment.cmp.began_by import name_of_signer
from enrollment.cmp.certifying import ServerSigner
from enrollment.cmp.encoding import directory_name
from enrollment.cmp.errors import (
    CmpAlgorithmRefused,
    CmpNotAuthorized,
    CmpProtectionMissing,
    CmpProtectionWrong,
    CmpSignerRefused,
)
from enrollment.cmp.macs import Mac, is_mac, read_mac
from enrollment.cmp.message import Algorithm, PkiMessage
from enrollment.cmp.names import comparable, name_in
from enrollment.cmp.reading import strictly
from enrollment.errors import ClientCertificateMalformed
from enrollment.grants.grant import GrantProtocol
from enrollment.grants.secrets import PURPOSES, GrantSecrets, as_text
from hsm.signature_identifiers import SIGNATURE_ALGORITHM_DER

# A grant's id has 32 characters.
_LONGEST_REFERENCE = 64


@dataclass(frozen=True)
class Sender:
    """A client that was proven to send a message: whose grant it uses, and by what.

    ``name`` tells clients apart; ``held`` is the certificate that signed, None for a MAC.
    """

    name: str
    grant_id: str
    held: RegisteredCertificate | None


class Protector(Protocol):
    """Protects an answer."""

    @property
    def sender(self) -> bytes | None:
        """The GeneralName under which we answer, None for the one we were addressed by."""

    @property
    def sender_kid(self) -> bytes | None:
        """The name of the key, as the client knows it."""

    @property
    def algorithm(self) -> Algorithm | None:
        """The algorithm, None for no protection."""

    @property
    def certificates(self) -> tuple[x509.Certificate, ...]:
        """What a client needs to verify the protection."""

    def protect(self, protected_part: bytes) -> bytes:
        """Return the MAC or the signature. Raises TokenUnavailable."""


class Unprotected:
    """For refusals to senders that are not known (RFC 9483, Section 3.6)."""

    sender: bytes | None = None
    sender_kid: bytes | None = None
    algorithm: Algorithm | None = None
    certificates: tuple[x509.Certificate, ...] = ()

    def protect(self, protected_part: bytes) -> bytes:
        """Return nothing."""
        return b""


class MacProtector:
    """Answers with the secret, and the algorithm, of the request."""

    sender: bytes | None = None
    certificates: tuple[x509.Certificate, ...] = ()

    def __init__(self, *, reference: bytes, secret: bytes, mac: Mac) -> None:
        self.sender_kid: bytes | None = reference
        self._secret = secret
        self._mac = mac.with_new_salt()

    @property
    def algorithm(self) -> Algorithm | None:
        """The algorithm of the request, with a salt of ours."""
        return self._mac.algorithm()

    def protect(self, protected_part: bytes) -> bytes:
        """Return the MAC."""
        return self._mac.compute(self._secret, protected_part)


class SignatureProtector:
    """Answers with the server's signature."""

    def __init__(self, signer: ServerSigner) -> None:
        self._signer = signer
        self.certificates: tuple[x509.Certificate, ...] = (signer.certificate, *signer.chain)
        self.sender: bytes | None = directory_name(signer.certificate.subject.public_bytes())
        self.sender_kid: bytes | None = _key_identifier(signer.certificate)

    @property
    def algorithm(self) -> Algorithm | None:
        """The one algorithm of the key."""
        der = SIGNATURE_ALGORITHM_DER[self._signer.key.algorithm]
        return Algorithm(*read_algorithm(read_only(der, SEQUENCE)))

    def protect(self, protected_part: bytes) -> bytes:
        """Return the signature. Raises TokenUnavailable."""
        return self._signer.key.sign(protected_part)


class Certificates(Protocol):
    """Checks certificates of ours (:class:`enrollment.sign_in.CertificateSignIn`)."""

    def check(self, certificate: x509.Certificate) -> RegisteredCertificate:
        """Check chain, validity and status. Raises ClientCertificateForeign, -Expired, -Revoked."""


class Signers(Protocol):
    """Finds the key that signs answers."""

    def signer(self) -> ServerSigner:
        """Return who signs. Raises Unavailable."""


class GrantsOfCertificates(Protocol):
    """Knows by which grant a certificate came."""

    def grant_of(self, *, authority: str, serial_number: int) -> str | None:
        """Return the grant's id, None for another way."""


class KnownSigners(Protocol):
    """Knows who signed the first message of a transaction."""

    def signers(self, transaction_id: bytes) -> Sequence[x509.Certificate]:
        """Return the certificates with which transactions of this id were begun."""


class Protection:
    """Verifies the protection of messages."""

    def __init__(
        self,
        *,
        secrets: GrantSecrets,
        certificates: Certificates,
        signers: Signers,
        known: KnownSigners,
        issued: GrantsOfCertificates,
    ) -> None:
        self._secrets = secrets
        self._certificates = certificates
        self._signers = signers
        self._known = known
        self._issued = issued

    def prove(self, message: PkiMessage) -> tuple[Sender, Protector]:
        """Return who sent a message, and what protects the answer.

        Raises CmpProtectionMissing, CmpProtectionWrong, CmpAlgorithmRefused, CmpSignerRefused,
        CmpNotAuthorized, the refusals of ``Certificates.check``, and Unavailable.
        """
        algorithm = message.header.protection_algorithm
        if algorithm is None or message.protection is None:
            raise CmpProtectionMissing(
                "Protect the message by your grant's secret, or sign it with your certificate."
            )
        if is_mac(algorithm):
            return self._by_mac(message, algorithm, message.protection)
        return self._by_signature(message, algorithm, message.protection)

    def _by_mac(
        self, message: PkiMessage, algorithm: Algorithm, protection: bytes
    ) -> tuple[Sender, Protector]:
        mac = strictly(lambda: read_mac(algorithm))
        reference = message.header.sender_kid or b""
        # Computed for unknown references too, so that the time taken tells nobody which exist.
        secret = self._secret(reference)
        expected = mac.compute(secret, message.protected_part)
        if not hmac.compare_digest(expected, protection):
            raise CmpProtectionWrong(
                "Send the id of your grant as reference, and protect the message by its secret."
            )
        grant_id = reference.decode("ascii")
        protector = MacProtector(reference=reference, secret=secret, mac=mac)
        return Sender(f"mac:{grant_id}", grant_id, None), protector

    def _secret(self, reference: bytes) -> bytes:
        known = reference.isascii() and len(reference) <= _LONGEST_REFERENCE
        name = reference.decode("ascii") if known else ""
        return as_text(self._secrets.secret_of(name, PURPOSES[GrantProtocol.CMP])).encode()

    def _by_signature(
        self, message: PkiMessage, algorithm: Algorithm, protection: bytes
    ) -> tuple[Sender, Protector]:
        certificate = self._signer_of(message)
        held = self._certificates.check(certificate)
        _check_may_sign(certificate)
        _check_sender(message, certificate)
        _verify(message.protected_part, protection, algorithm, certificate)
        grant_id = self._issued.grant_of(authority=held.authority, serial_number=held.serial_number)
        if grant_id is None:
            raise CmpNotAuthorized("This certificate did not come by a grant; use the grant's own.")
        sender = Sender(name_of_signer(held), grant_id, held)
        # Asked for now: what cannot be answered is not begun.
        return sender, SignatureProtector(self._signers.signer())

    def _signer_of(self, message: PkiMessage) -> x509.Certificate:
        if message.extra_certs:
            return _first_certificate(message)
        # RFC 9483, Section 3.3: after the first message of a transaction it may be left out.
        header = message.header
        for known in self._known.signers(header.transaction_id or b""):
            if header.sender_kid in (None, _key_identifier(known)):
                return known
        raise CmpSignerRefused("Put the certificate that signs first into extraCerts.")


def _first_certificate(message: PkiMessage) -> x509.Certificate:
    try:
        return read_certificate(message.extra_certs[0])
    except ValueError as error:
        raise ClientCertificateMalformed("The first certificate cannot be read.") from error


def _check_may_sign(certificate: x509.Certificate) -> None:
    # RFC 9483, Section 3.2: keyUsage has digitalSignature, if it is there.
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not usage.digital_signature:
        raise CmpSignerRefused("The certificate's key is not for signatures.")


def _check_sender(message: PkiMessage, certificate: x509.Certificate) -> None:
    header = message.header
    name = strictly(lambda: name_in(read_element(header.sender)))
    subject = certificate.subject.public_bytes()
    if name is None or strictly(lambda: comparable(name)) != comparable(subject):
        raise CmpSignerRefused("Name as sender the subject of the certificate that signs.")
    identifier = _key_identifier(certificate)
    if header.sender_kid is not None and identifier not in (None, header.sender_kid):
        raise CmpSignerRefused("senderKID is not the key identifier of the first certificate.")


def _verify(
    message: bytes, signature: bytes, algorithm: Algorithm, certificate: x509.Certificate
) -> None:
    info = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key = read_public_key(info)
    try:
        verify_octets(message, signature, (algorithm.oid, algorithm.parameters), key)
    except InvalidSignature as error:
        raise CmpProtectionWrong(
            "The message is not signed with the key of its first certificate."
        ) from error
    except CsrSignatureAlgorithmRefused as error:
        raise CmpAlgorithmRefused(
            f"{algorithm.oid} is not accepted. Sign by PKCS #1 v1.5 or ECDSA with SHA-256, "
            "SHA-384 or SHA-512, or by Ed25519; or use PasswordBasedMac or PBMAC1."
        ) from error


def _key_identifier(certificate: x509.Certificate) -> bytes | None:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return None
    return found.value.digest
