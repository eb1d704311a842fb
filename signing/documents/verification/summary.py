"""The signed summary that a stamp carries: a paper proves itself.

COSE_Sign1 (RFC 9052, Section 4.2), ES256, its key named by the first eight octets of the key's
SHA-256. The payload is a CBOR map with these keys:

1. number of the document  2. seconds since 1970 of the signature  3. signer
4. institution  5. key fields: label, value, label, value ...
6. length in octets and 7. SHA-256 of the file that was stamped

A signature is appended to a PDF (ISO 32000-2, 7.5.6), so the stamped file is the beginning of the
signed one, and of every later one: a checker hashes as many octets as the summary says. The
identifier of the document is bound as external data (RFC 9052, Section 4.3) and costs no room.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from hsm.jose import jws_signature
from hsm.keys import SigningKey
from signing.documents.verification.compact_text import pack, unpack
from signing.documents.verification.errors import (
    SummaryMalformed,
    SummaryNotGenuine,
    SummaryTooLong,
)
from signing.documents.verification.identifiers import DocumentId, from_base32, to_base32

KID_OCTETS = 8
# With error correction M and the address of a host of 40 characters this is version 15: 85 modules
# with the quiet zone, 28 mm at a third of a millimetre.
MAX_OCTETS = 300
MOST_FIELDS = 6
_CONTEXT = b"camtrust document summary 1"
_ALG, _KID, _ES256 = 1, 4, -7
_SCALAR = 32


@dataclass(frozen=True)
class Summary:
    """What a stamp says of its document, in the words of the stamp."""

    number: str
    signed_at: datetime
    signer: str
    institution: str
    fields: tuple[tuple[str, str], ...]
    length: int
    sha256: bytes


def sign_summary(summary: Summary, document: DocumentId, key: SigningKey) -> str:
    """Return the signed summary as base32. Raises SummaryTooLong, and what the key raises."""
    if len(summary.fields) > MOST_FIELDS:
        raise SummaryTooLong(
            f"A stamp carries at most {MOST_FIELDS} key fields, and {len(summary.fields)} were "
            "given. Leave some out.",
            kept="Nothing was signed.",
        )
    protected = cbor2.dumps({_ALG: _ES256, _KID: key.key_id[:KID_OCTETS]}, canonical=True)
    payload = _payload(summary)
    signature = jws_signature(key, _to_be_signed(protected, document, payload))
    signed: bytes = cbor2.dumps([protected, {}, payload, signature], canonical=True)
    if len(signed) > MAX_OCTETS:
        raise SummaryTooLong(
            f"The summary needs {len(signed)} octets, and a stamp has room for {MAX_OCTETS}. "
            "Shorten the key fields, or leave some out.",
            kept="Nothing was signed.",
            octets=len(signed),
        )
    return to_base32(signed)


def verify_summary(
    text: str,
    document: DocumentId,
    key_of: Callable[[bytes], EllipticCurvePublicKey | None],
) -> Summary:
    """Read a signed summary and check its signature; ``key_of`` finds a key by its kid.

    Raises SummaryMalformed, SummaryNotGenuine.
    """
    protected, payload, signature = _parts(text)
    header = _map(protected)
    public_key = key_of(header[_KID]) if isinstance(header.get(_KID), bytes) else None
    if header.get(_ALG) != _ES256 or public_key is None or len(signature) != 2 * _SCALAR:
        raise SummaryNotGenuine("The summary is not signed by a key of ours.")
    r, s = (int.from_bytes(one, "big") for one in (signature[:_SCALAR], signature[_SCALAR:]))
    try:
        public_key.verify(
            encode_dss_signature(r, s), _to_be_signed(protected, document, payload), ECDSA(SHA256())
        )
    except InvalidSignature:
        raise SummaryNotGenuine(
            "The summary was changed, or belongs to the stamp of another document."
        ) from None
    return _summary(_map(payload))


def _payload(summary: Summary) -> bytes:
    encoded: bytes = cbor2.dumps(
        {
            1: pack(summary.number),
            2: int(summary.signed_at.timestamp()),
            3: pack(summary.signer),
            4: pack(summary.institution),
            5: [pack(text) for field in summary.fields for text in field],
            6: summary.length,
            7: summary.sha256,
        },
        canonical=True,
    )
    return encoded


def _to_be_signed(protected: bytes, document: DocumentId, payload: bytes) -> bytes:
    # RFC 9052, Section 4.4.
    external = _CONTEXT + document.octets
    encoded: bytes = cbor2.dumps(["Signature1", protected, external, payload], canonical=True)
    return encoded


def _parts(text: str) -> tuple[bytes, bytes, bytes]:
    try:
        signed = from_base32(text)
        protected, unprotected, payload, signature = _loads(signed)
    except (ValueError, TypeError) as error:
        raise SummaryMalformed("This is no summary of a stamp.") from error
    parts = (protected, payload, signature)
    if unprotected != {} or not all(isinstance(one, bytes) for one in parts):
        raise SummaryMalformed("This is no summary of a stamp.")
    return parts


def _loads(octets: bytes) -> Any:
    if len(octets) > MAX_OCTETS:
        raise ValueError("longer than any summary")
    try:
        value = cbor2.loads(octets)
        again = cbor2.dumps(value, canonical=True)
    except (cbor2.CBORError, ValueError, TypeError, RecursionError, OverflowError) as error:
        raise ValueError("not CBOR") from error
    # RFC 8949, Section 4.2.1: one value, one encoding, and nothing after it.
    if again != octets:
        raise ValueError("not in deterministic encoding")
    return value


def _map(octets: bytes) -> Mapping[int, Any]:
    try:
        value = _loads(octets)
    except ValueError as error:
        raise SummaryMalformed("This is no summary of a stamp.") from error
    if not isinstance(value, dict):
        raise SummaryMalformed("This is no summary of a stamp.")
    return value


def _summary(claims: Mapping[int, Any]) -> Summary:
    try:
        texts = [unpack(one) for one in claims[5]]
        found = Summary(
            number=unpack(claims[1]),
            signed_at=datetime.fromtimestamp(claims[2], UTC),
            signer=unpack(claims[3]),
            institution=unpack(claims[4]),
            fields=tuple(zip(texts[::2], texts[1::2], strict=True)),
            length=int(claims[6]),
            sha256=bytes(claims[7]),
        )
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise SummaryMalformed("The summary lacks what it has to say.") from error
    return found
