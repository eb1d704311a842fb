"""An authority in software, with answers and all: what the peers and the static file are given.

P-256 throughout, a responder of its own, its certificate in each answer: as ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp as x509_ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ca.issuance.serial_numbers import new_serial_number

LIFETIME = timedelta(days=30)


@dataclass(frozen=True)
class SoftwareAuthority:
    """An issuer, its responder, and the serial numbers that it issued."""

    issuer: x509.Certificate
    responder: x509.Certificate
    responder_key: ec.EllipticCurvePrivateKey
    serial_numbers: tuple[int, ...]

    @classmethod
    def with_certificates(cls, count: int) -> SoftwareAuthority:
        """Make one that issued ``count`` certificates, of which only the numbers exist."""
        issuer_key, responder_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        name = _name("Benchmark authority")
        issuer = _builder(name, name, issuer_key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        responder = (
            _builder(name, _name("Benchmark responder"), responder_key.public_key())
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)
            .add_extension(x509.OCSPNoCheck(), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False
            )
        )
        return cls(
            issuer=issuer.sign(issuer_key, SHA256()),
            responder=responder.sign(issuer_key, SHA256()),
            responder_key=responder_key,
            serial_numbers=tuple(new_serial_number() for _ in range(count)),
        )

    def responder_key_der(self) -> bytes:
        """Return the responder's key as PKCS #8, for another process."""
        return self.responder_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def answers(self) -> list[bytes]:
        """Sign an answer for each certificate, by SHA-1, valid for a day."""
        now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
        pattern = x509_ocsp.OCSPRequestBuilder().add_certificate(
            self.issuer,
            self.issuer,
            SHA1(),  # noqa: S303 - it names, and protects nothing
        )
        asked = pattern.build()
        answers = []
        for number in self.serial_numbers:
            builder = x509_ocsp.OCSPResponseBuilder().add_response_by_hash(
                asked.issuer_name_hash,
                asked.issuer_key_hash,
                number,
                SHA1(),  # noqa: S303
                x509_ocsp.OCSPCertStatus.GOOD,
                this_update=now,
                next_update=now + timedelta(days=1),
                revocation_time=None,
                revocation_reason=None,
            )
            builder = builder.responder_id(x509_ocsp.OCSPResponderEncoding.HASH, self.responder)
            builder = builder.certificates([self.responder])
            answers.append(builder.sign(self.responder_key, SHA256()).public_bytes(Encoding.DER))
        return answers

    def write_for_openssl(self, folder: Path) -> None:
        """Write ca.pem, responder.pem, responder.key and index.txt, as ``openssl ocsp`` reads."""
        (folder / "ca.pem").write_bytes(self.issuer.public_bytes(Encoding.PEM))
        (folder / "responder.pem").write_bytes(self.responder.public_bytes(Encoding.PEM))
        (folder / "responder.key").write_bytes(
            self.responder_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        until = f"{datetime.now(UTC) + LIFETIME:%y%m%d%H%M%SZ}"
        # ca(1): state, expiry, revocation, serial number, file, subject.
        lines = (
            f"V\t{until}\t\t{_hex(number)}\tunknown\t/CN={position}\n"
            for position, number in enumerate(self.serial_numbers)
        )
        (folder / "index.txt").write_text("".join(lines))


def _builder(
    issuer: x509.Name, subject: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "KH"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _hex(number: int) -> str:
    # openssl writes whole octets.
    digits = f"{number:X}"
    return digits.rjust(len(digits) + len(digits) % 2, "0")
