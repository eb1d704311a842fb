"""What is asked: requests as `cryptography` encodes them, and the HTTP messages around them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha1, sha256
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as x509_ocsp

from ocsp.media_types import REQUEST_TYPE

# As usual as any; what matters is that it is the same for every server.
HEADERS = b"Host: ocsp.example.com\r\nAccept: */*\r\n"
_NONCE_OCTETS = 32  # RFC 9654, Section 2.1: what clients SHOULD send.

# id-pkix-ocsp-response, which says that id-pkix-ocsp-basic is wanted (RFC 6960, Section 4.4.3).
# Some clients send it; it changes nothing but that the request is no longer the plainest.
_ACCEPTABLE_RESPONSES = x509.UnrecognizedExtension(
    x509.ObjectIdentifier("1.3.6.1.5.5.7.48.1.4"), bytes.fromhex("300b06092b0601050507300101")
)


Message = Callable[["Question"], bytes]


@dataclass(frozen=True)
class Question:
    """A request about one certificate."""

    der: bytes
    serial_number: int
    nonce: bytes | None = None


def plain_questions(issuer: x509.Certificate, serial_numbers: Iterable[int]) -> Iterator[Question]:
    """Yield the plainest requests, by SHA-1 and SHA-256 in turn."""
    for builder, number in _asked(issuer, serial_numbers):
        yield Question(_der(builder), number)


def nonce_questions(issuer: x509.Certificate, serial_numbers: Iterable[int]) -> Iterator[Question]:
    """Yield requests with nonces of 32 octets."""
    for builder, number in _asked(issuer, serial_numbers):
        nonce = secrets.token_bytes(_NONCE_OCTETS)
        yield Question(_der(builder.add_extension(x509.OCSPNonce(nonce), False)), number, nonce)


def unusual_questions(
    issuer: x509.Certificate, serial_numbers: Iterable[int]
) -> Iterator[Question]:
    """Yield requests without nonce that are more than the plainest, so that they are parsed."""
    for builder, number in _asked(issuer, serial_numbers):
        yield Question(_der(builder.add_extension(_ACCEPTABLE_RESPONSES, False)), number)


def get(question: Question, path: str = "/ocsp/") -> bytes:
    """Return the GET of a request (RFC 6960, Appendix A.1)."""
    target = path + quote(base64.b64encode(question.der), safe="")
    return b"GET %s HTTP/1.1\r\n%s\r\n" % (target.encode(), HEADERS)


def post(question: Question, path: str = "/ocsp") -> bytes:
    """Return the POST of a request."""
    head = b"POST %s HTTP/1.1\r\n%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
    return head % (path.encode(), HEADERS, REQUEST_TYPE.encode(), len(question.der)) + question.der


def _asked(
    issuer: x509.Certificate, serial_numbers: Iterable[int]
) -> Iterator[tuple[x509_ocsp.OCSPRequestBuilder, int]]:
    # What a CertID says of an issuer is the same for all its certificates. SHA-1 names it, and
    # protects nothing. The key's hash is that of any request made with this issuer.
    name = issuer.subject.public_bytes()
    issuers = [
        (x509_ocsp.OCSPRequestBuilder().add_certificate(issuer, issuer, algorithm).build(), hashed)
        for algorithm, hashed in ((SHA1(), sha1(name)), (SHA256(), sha256(name)))  # noqa: S303, S324
    ]
    for position, number in enumerate(serial_numbers):
        like, hashed = issuers[position % 2]
        builder = x509_ocsp.OCSPRequestBuilder().add_certificate_by_hash(
            hashed.digest(), like.issuer_key_hash, number, like.hash_algorithm
        )
        yield builder, number


def _der(builder: x509_ocsp.OCSPRequestBuilder) -> bytes:
    return builder.build().public_bytes(Encoding.DER)
