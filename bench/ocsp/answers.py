"""Whether a server answers right: a sample is asked one by one, parsed, and its signature verified.

Outside of what is measured, with `cryptography` as the reader.
"""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import HashAlgorithm
from cryptography.x509 import ocsp as x509_ocsp

from bench.ocsp.load import Expected, LoadNotMade
from bench.ocsp.questions import Question
from ocsp.media_types import RESPONSE_TYPE

_TIMEOUT_SECONDS = 10


def check_answers(
    name: str,
    port: int,
    issuer: x509.Certificate,
    questions: Sequence[Question],
    message: Callable[[Question], bytes],
) -> Expected:
    """Ask each question, verify its answer, and return what all answers have to look like.

    ``name`` is the row's, for whoever reads what went wrong.
    Raises LoadNotMade where one is not good, not about what was asked, or not signed by whom the
    issuer certified.
    """
    sizes = []
    for question in questions:
        der = _ask(port, message(question))
        wrong = _fault(der, question, issuer)
        if wrong:
            raise LoadNotMade(f"{name} says of {question.serial_number:x}: {wrong}.")
        sizes.append(len(der))
    # An ECDSA signature has 70 to 72 octets, rarely less; the CertIDs are of two lengths.
    return Expected(RESPONSE_TYPE, min(sizes) - 8, max(sizes) + 8)


def _ask(port: int, message: bytes) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), _TIMEOUT_SECONDS) as connection:
            connection.sendall(message)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise LoadNotMade(f"Port {port} does not answer: {error}.") from error
    content_type = answer.headers.get("Content-Type")
    if answer.status != 200 or content_type != RESPONSE_TYPE:
        raise LoadNotMade(f"Port {port} answers {answer.status}, {content_type}.")
    return body


def _fault(der: bytes, question: Question, issuer: x509.Certificate) -> str | None:
    answer = x509_ocsp.load_der_ocsp_response(der)
    if answer.response_status is not x509_ocsp.OCSPResponseStatus.SUCCESSFUL:
        return answer.response_status.name
    if answer.serial_number != question.serial_number:
        return "about another certificate"
    if answer.certificate_status is not x509_ocsp.OCSPCertStatus.GOOD:
        return answer.certificate_status.name
    now, until = datetime.now(UTC), answer.next_update_utc
    if answer.this_update_utc > now or until is None or until <= now:
        return "not valid now"
    if question.nonce != _nonce_of(answer):
        return "another nonce, or none"
    [responder] = answer.certificates
    # Raises where it is another's signature.
    responder.verify_directly_issued_by(issuer)
    _verify(responder, answer)
    return None


def _nonce_of(answer: x509_ocsp.OCSPResponse) -> bytes | None:
    try:
        return answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return None


def _verify(responder: x509.Certificate, answer: x509_ocsp.OCSPResponse) -> None:
    key, algorithm = responder.public_key(), answer.signature_hash_algorithm
    if not isinstance(algorithm, HashAlgorithm):
        raise LoadNotMade("An answer is signed with an algorithm that is not expected here.")
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(algorithm))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), algorithm)
    else:
        raise LoadNotMade("An answer is signed with a key that is not expected here.")
