"""What answers say: their bodies (RFC 9810, Section 5.3), and PKIStatusInfo (Section 5.2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ca.der import NULL_DER, encode_oid
from core.errors import CamtrustError
from enrollment.cmp.encoding import explicit, integer, one_bit, sequence, text
from enrollment.cmp.failures import failure_of, status_text
from enrollment.cmp.message import Body, Info


class Status(IntEnum):
    """PKIStatus, as far as it is used here."""

    ACCEPTED = 0
    GRANTED_WITH_MODS = 1
    REJECTION = 2
    WAITING = 3


@dataclass(frozen=True)
class Reply:
    """The body of an answer, and what else belongs to it.

    ``general_info`` goes into the header; ``certificates`` into extraCerts; ``nonce`` is the
    senderNonce where a transaction already stores it; ``refusal`` is what was refused.
    """

    body: Body
    content: bytes
    general_info: tuple[Info, ...] = ()
    certificates: tuple[x509.Certificate, ...] = ()
    nonce: bytes | None = None
    refusal: CamtrustError | None = None


@dataclass(frozen=True)
class IssuedReply:
    """A certificate as it goes out; ``anchors`` only to whom they can be trusted (caPubs)."""

    certificate_der: bytes
    status: Status
    note: str | None
    anchors: tuple[x509.Certificate, ...]


def status_info(status: Status, words: str | None = None) -> bytes:
    """Return a PKIStatusInfo without failInfo."""
    return sequence(integer(status), *((sequence(text(words)),) if words else ()))


def rejection(refusal: CamtrustError) -> bytes:
    """Return the PKIStatusInfo of a refusal."""
    return sequence(
        integer(Status.REJECTION),
        sequence(text(status_text(refusal))),
        one_bit(failure_of(refusal)),
    )


def certificate_content(cert_req_id: int, issued: IssuedReply) -> bytes:
    """Return a CertRepMessage with a certificate."""
    pair = sequence(explicit(0, issued.certificate_der))
    response = sequence(integer(cert_req_id), status_info(issued.status, issued.note), pair)
    anchors = [one.public_bytes(Encoding.DER) for one in issued.anchors]
    ca_pubs = (explicit(1, sequence(*anchors)),) if anchors else ()
    return sequence(*ca_pubs, sequence(response))


def no_certificate_content(cert_req_id: int, status: bytes) -> bytes:
    """Return a CertRepMessage without one; ``status`` is a PKIStatusInfo."""
    return sequence(sequence(sequence(integer(cert_req_id), status)))


def poll_content(cert_req_id: int, wait: timedelta, reason: str) -> bytes:
    """Return a PollRepContent (RFC 9810, Section 5.3.22)."""
    seconds = integer(int(wait.total_seconds()))
    return sequence(sequence(integer(cert_req_id), seconds, sequence(text(reason))))


def revocation_content(status: bytes) -> bytes:
    """Return a RevRepContent (RFC 9810, Section 5.3.10)."""
    return sequence(sequence(status))


def infos_content(infos: Sequence[Info]) -> bytes:
    """Return a GenRepContent, or a header's generalInfo."""
    return sequence(*(sequence(encode_oid(one.oid), one.value or b"") for one in infos))


def confirmation() -> Reply:
    """Return pkiConf."""
    return Reply(Body.PKICONF, NULL_DER)


def error_reply(refusal: CamtrustError) -> Reply:
    """Return the message ``error`` (RFC 9810, Section 5.3.21)."""
    return Reply(Body.ERROR, sequence(rejection(refusal)), refusal=refusal)
