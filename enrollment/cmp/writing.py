"""Write answers: header, body, protection, certificates (RFC 9810, Section 5.1)."""

from __future__ import annotations

import secrets
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding

from ca.der import encode_element, encode_oid
from enrollment.cmp.encoding import bits, explicit, integer, octets, sequence, time
from enrollment.cmp.errors import CmpRecipientWrong
from enrollment.cmp.header import VERSIONS
from enrollment.cmp.message import Algorithm, Header
from enrollment.cmp.names import NULL_NAME
from enrollment.cmp.protection import Protector
from enrollment.cmp.replies import Reply, infos_content

NONCE_OCTETS = 16
_CONTEXT_CONSTRUCTED = 0xA0
# Where the request could not be read, nothing is known of its sender.
UNKNOWN = Header(pvno=2, sender=NULL_NAME, recipient=NULL_NAME)


def new_nonce() -> bytes:
    """Return 128 bits that nobody guesses (RFC 9483, Section 3.1)."""
    return secrets.token_bytes(NONCE_OCTETS)


def write_answer(asked: Header, reply: Reply, protector: Protector, now: datetime) -> bytes:
    """Return a PKIMessage that answers the one with the header ``asked``.

    Raises TokenUnavailable where it cannot be signed.
    """
    header = _header(asked, reply, protector, now)
    body = encode_element(_CONTEXT_CONSTRUCTED + reply.body.value, reply.content)
    protection: tuple[bytes, ...] = ()
    if protector.algorithm is not None:
        protection = (explicit(0, bits(protector.protect(sequence(header, body)))),)
    certificates = [
        one.public_bytes(Encoding.DER)
        for one in dict.fromkeys((*protector.certificates, *reply.certificates))
    ]
    extra = (explicit(1, sequence(*certificates)),) if certificates else ()
    return sequence(header, body, *protection, *extra)


def _header(asked: Header, reply: Reply, protector: Protector, now: datetime) -> bytes:
    algorithm = protector.algorithm
    optional = {
        0: time(now),
        1: None if algorithm is None else _algorithm(algorithm),
        2: _octets(protector.sender_kid),
        4: _octets(asked.transaction_id),
        5: octets(reply.nonce or new_nonce()),
        6: _octets(asked.sender_nonce),
        8: infos_content(reply.general_info) if reply.general_info else None,
    }
    return sequence(
        # RFC 9810, Section 7: the version of the request, if it is one of ours.
        integer(asked.pvno if asked.pvno in VERSIONS else VERSIONS[0]),
        protector.sender or _addressed(asked, reply),
        asked.sender,
        *(explicit(number, der) for number, der in optional.items() if der is not None),
    )


def _addressed(asked: Header, reply: Reply) -> bytes:
    # With a MAC it is the secret that tells who answers; the name is the one we were called by.
    return NULL_NAME if isinstance(reply.refusal, CmpRecipientWrong) else asked.recipient


def _algorithm(algorithm: Algorithm) -> bytes:
    return sequence(encode_oid(algorithm.oid), algorithm.parameters)


def _octets(value: bytes | None) -> bytes | None:
    return None if value is None else octets(value)
