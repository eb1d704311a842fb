"""Under which name an answer is found by a GET, in a folder and in an object store.

RFC 6960, Appendix A.1: ``GET {url}/{url-encoding of base-64 encoding of the DER encoding of the
OCSPRequest}``. Base64 has slashes, also two in a row, and ends in up to two equals signs.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Protocol

from cryptography.x509.ocsp import load_der_ocsp_request, load_der_ocsp_response

from ca.der import NULL_DER, OCTET_STRING, SEQUENCE, encode_element
from ocsp import oids
from ocsp.stored.certid import cert_id

ANSWERS = "ocsp/"
_SUFFIX = ".ors"  # RFC 6960, Appendix C.2: the file extension of application/ocsp-response
_SLASHES = re.compile("/+")
# Of a request about a serial number of 20 octets, whichever hash it names: these characters have
# 12 of the number's bits, so that 4,096 folders share the files, and neighbours share a folder.
_SPREAD = slice(-26, -24)


class AnswerNames(Protocol):
    """Names answers by the plain request that asks for them."""

    def name_of(self, request: bytes) -> str:
        """Return the name of the answer to a request."""

    def request_of(self, name: str, read: Callable[[str], bytes | None]) -> bytes | None:
        """Return the request behind a name; None for a name that is no answer's."""


class FolderNames:
    """``ocsp/{2 characters}/{base64}.ors``, without padding, runs of slashes as one.

    deploy/nginx/published.conf makes the same of a request's path. Web servers merge slashes
    (and so do clients and proxies), and files have no empty names; the suffix keeps a file from
    having a folder's name. The two characters spread the files.
    """

    def name_of(self, request: bytes) -> str:
        """Return a path below the folder."""
        text = _SLASHES.sub("/", base64.b64encode(request).decode().rstrip("="))
        return _SLASHES.sub("/", f"{ANSWERS}{text[_SPREAD]}/{text}{_SUFFIX}")

    def request_of(self, name: str, read: Callable[[str], bytes | None]) -> bytes | None:
        """Read the request from the answer: merged slashes cannot be told apart again."""
        answer = read(name) if name.endswith(_SUFFIX) else None
        return None if answer is None else request_answered(answer)


class ObjectNames:
    """``ocsp/{base64}``: an object's key is what the store makes of the path, octet by octet."""

    def name_of(self, request: bytes) -> str:
        """Return a key below the prefix."""
        return ANSWERS + base64.b64encode(request).decode()

    def request_of(self, name: str, read: Callable[[str], bytes | None]) -> bytes | None:
        """Decode the name."""
        del read
        try:
            request = base64.b64decode(name.removeprefix(ANSWERS), validate=True)
            load_der_ocsp_request(request)
        except (binascii.Error, ValueError):
            return None
        return request


def plain_request(cert_id: bytes) -> bytes:
    """Return the request about one CertID and nothing else (RFC 9919, Section 3.1.1)."""
    # OCSPRequest { TBSRequest { requestList { Request { reqCert } } } }
    request = cert_id
    for _ in range(4):
        request = encode_element(SEQUENCE, request)
    return request


def request_answered(answer: bytes) -> bytes | None:
    """Return the plain request that an answer answers; None for what is no answer."""
    try:
        read = load_der_ocsp_response(answer)
        hashes = (read.issuer_name_hash, read.issuer_key_hash)
        algorithm = _ALGORITHMS[read.hash_algorithm.name]
        serial_number = read.serial_number
    except (ValueError, KeyError):
        return None
    prefix = algorithm + b"".join(encode_element(OCTET_STRING, one) for one in hashes)
    return plain_request(cert_id(prefix, serial_number))


_ALGORITHMS = {
    "sha1": encode_element(SEQUENCE, oids.SHA1 + NULL_DER),
    "sha256": encode_element(SEQUENCE, oids.SHA256 + NULL_DER),
}
