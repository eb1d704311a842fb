"""The values that a PKIMessage consists of (RFC 9810, Section 5.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Body(Enum):
    """The kinds of PKIBody, each by its tag's number."""

    IR = 0
    IP = 1
    CR = 2
    CP = 3
    P10CR = 4
    POPDECC = 5
    POPDECR = 6
    KUR = 7
    KUP = 8
    KRR = 9
    KRP = 10
    RR = 11
    RP = 12
    CCR = 13
    CCP = 14
    CKUANN = 15
    CANN = 16
    RANN = 17
    CRLANN = 18
    PKICONF = 19
    NESTED = 20
    GENM = 21
    GENP = 22
    ERROR = 23
    CERTCONF = 24
    POLLREQ = 25
    POLLREP = 26

    @property
    def word(self) -> str:
        """The kind as RFC 9810 and pyasn1-alt-modules spell it."""
        return "certConf" if self is Body.CERTCONF else _WORDS.get(self, self.name.lower())


_WORDS = {Body.POLLREQ: "pollReq", Body.POLLREP: "pollRep"}

# What each request for a certificate is answered with.
REPLIES = {Body.IR: Body.IP, Body.CR: Body.CP, Body.P10CR: Body.CP, Body.KUR: Body.KUP}


@dataclass(frozen=True)
class Algorithm:
    """An AlgorithmIdentifier: its OID, and the DER of its parameters, empty when absent."""

    oid: str
    parameters: bytes


@dataclass(frozen=True)
class Info:
    """An InfoTypeAndValue: its OID, and the DER of its value, None when absent."""

    oid: str
    value: bytes | None


@dataclass(frozen=True)
class Header:
    """A PKIHeader. ``sender`` and ``recipient`` are the DER of a GeneralName."""

    pvno: int
    sender: bytes
    recipient: bytes
    message_time: datetime | None = None
    protection_algorithm: Algorithm | None = None
    sender_kid: bytes | None = None
    transaction_id: bytes | None = None
    sender_nonce: bytes | None = None
    recip_nonce: bytes | None = None
    general_info: tuple[Info, ...] = ()

    def info(self, oid: str) -> Info | None:
        """Return what generalInfo has under an OID, None for nothing."""
        return next((one for one in self.general_info if one.oid == oid), None)


@dataclass(frozen=True)
class PkiMessage:
    """A message as it was read.

    ``content`` is the DER of what the body's kind holds; ``protected_part`` what its protection
    is over: SEQUENCE { header, body } (RFC 9810, Section 5.1.3).
    """

    header: Header
    body: Body
    content: bytes
    protected_part: bytes
    protection: bytes | None
    extra_certs: tuple[bytes, ...]
