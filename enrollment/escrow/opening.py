"""Open what was escrowed, and see whether it is the key of the certificate."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
)

from enrollment.escrow.errors import RecoveredKeyWrong
from hsm.enveloped_data import EnvelopeDamaged, EnvelopeMalformed, open_envelope, read_envelope
from hsm.keys import AgreementKey

EscrowedPrivateKey = EllipticCurvePrivateKey | RSAPrivateKey


def open_escrowed(
    envelope_der: bytes, key: AgreementKey, certificate: x509.Certificate
) -> EscrowedPrivateKey:
    """Return the private key in a message, if it is the certificate's.

    What the holder's browser put into it nobody could see before. Raises RecoveredKeyWrong, and
    what the escrow key raises.
    """
    try:
        pkcs8 = open_envelope(read_envelope(envelope_der), key)
        private_key = load_der_private_key(pkcs8, password=None)
    except (EnvelopeDamaged, EnvelopeMalformed, ValueError, TypeError) as error:
        raise _wrong("It does not open, or holds no private key.") from error
    except UnsupportedAlgorithm as error:
        raise _wrong("It holds a key of another kind.") from error
    if not isinstance(private_key, EllipticCurvePrivateKey | RSAPrivateKey):
        raise _wrong("It holds a key of another kind.")
    if _octets(private_key.public_key()) != _octets(certificate.public_key()):
        raise _wrong("It holds the key of something else.")
    return private_key


def _octets(public_key: object) -> bytes:
    octets: bytes = public_key.public_bytes(  # type: ignore[attr-defined]
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    return octets


def _wrong(why: str) -> RecoveredKeyWrong:
    return RecoveredKeyWrong(
        f"The copy that was deposited is of no use. {why} The holder is told.",
        kept="The copy stays as it is, as evidence.",
    )
