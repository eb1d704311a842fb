"""Read a PKIMessage (RFC 9810, Section 5.1) in strict DER. Only Malformed comes out.

Read here and not with pyasn1: protection is over the octets that came, and a refusal has to say
what was wrong with them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from ca.csr.parsing import read_algorithm
from ca.der import (
    BIT_STRING,
    GENERALIZED_TIME,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    Element,
    NotDer,
    encode_element,
    read_bits,
    read_fields,
    read_integer,
    read_oid,
    read_only,
)
from enrollment.cmp.errors import CmpMalformed
from enrollment.cmp.message import Algorithm, Body, Header, Info, PkiMessage
from enrollment.cmp.names import comparable, name_in

# A chain has four; nobody needs more than a few.
MOST_EXTRA_CERTS = 20
MOST_INFOS = 20
# RFC 9483, Section 3.1, has 16 octets of transactionID and nonces; 64 leave room.
LONGEST_OCTETS = 64
# GeneralName (RFC 5280, Section 4.2.1.6): beside directoryName a mail address, DNS name or URI.
_IA5_NAMES = {0x81, 0x82, 0x86}
_PROTECTION, _EXTRA_CERTS = 0xA0, 0xA1
_CONTEXT_CONSTRUCTED = 0xA0

ReadT = TypeVar("ReadT")


def parse_message(data: bytes) -> PkiMessage:
    """Read the DER of a PKIMessage. Raises CmpMalformed, and CsrMalformed for a name."""
    return strictly(lambda: _message(data))


def strictly(read: Callable[[], ReadT]) -> ReadT:
    """Read something; what is not DER is CmpMalformed."""
    try:
        return read()
    except NotDer as error:
        raise CmpMalformed(error.detail) from error


def read_infos(sequence: Element) -> tuple[Info, ...]:
    """Read a SEQUENCE OF InfoTypeAndValue. Raises NotDer or CmpMalformed."""
    infos: list[Info] = []
    for one in sequence.children():
        fields = list(one.children())
        if one.tag != SEQUENCE or not 1 <= len(fields) <= 2 or len(infos) == MOST_INFOS:
            raise CmpMalformed("The message has general information that cannot be read.")
        infos.append(Info(read_oid(fields[0]), fields[1].der if len(fields) == 2 else None))
    return tuple(infos)


def _message(data: bytes) -> PkiMessage:
    fields = list(read_only(data, SEQUENCE).children())
    tags = [one.tag for one in fields[2:]]
    if len(fields) < 2 or tags not in ([], [_PROTECTION], [_EXTRA_CERTS], _BOTH):
        raise CmpMalformed("A message has header, body, protection and certificates, no more.")
    header, body = fields[:2]
    [content] = _single(body)
    rest = dict(zip(tags, fields[2:], strict=True))
    return PkiMessage(
        header=_header(header),
        body=_kind(body),
        content=content.der,
        protected_part=encode_element(SEQUENCE, header.der + body.der),
        protection=_protection(rest.get(_PROTECTION)),
        extra_certs=_extra_certs(rest.get(_EXTRA_CERTS)),
    )


_BOTH = [_PROTECTION, _EXTRA_CERTS]


def _kind(body: Element) -> Body:
    try:
        return Body(body.tag - _CONTEXT_CONSTRUCTED)
    except ValueError as error:
        raise CmpMalformed("The message has a body that CMP does not know.") from error


def _single(element: Element) -> list[Element]:
    inner = list(element.children())
    if len(inner) != 1:
        raise CmpMalformed("A field of the message holds none or several values.")
    return inner


def _header(header: Element) -> Header:
    fields = list(header.children())
    if header.tag != SEQUENCE or len(fields) < 3 or fields[0].tag != INTEGER:
        raise CmpMalformed("The message has no header.")
    for one in fields[1:3]:
        _check_general_name(one)
    given: dict[str, Any] = {}
    last = -1
    for one in fields[3:]:
        number = one.tag - _CONTEXT_CONSTRUCTED
        if number not in _OPTIONAL or number <= last:
            raise CmpMalformed("The header has an unknown field, or fields in a wrong order.")
        last = number
        name, read = _OPTIONAL[number]
        [value] = _single(one)
        if name:
            given[name] = read(value)
    return Header(read_integer(fields[0]), fields[1].der, fields[2].der, **given)


def _check_general_name(element: Element) -> None:
    # What is read here is repeated in the answer: nothing that others cannot read.
    name = name_in(element)
    if name is not None:
        comparable(name)
    elif element.tag not in _IA5_NAMES or not element.value.isascii():
        raise CmpMalformed("Sender or recipient of the message cannot be read.")


def _octets(element: Element) -> bytes:
    if element.tag != OCTET_STRING or len(element.value) > LONGEST_OCTETS:
        raise CmpMalformed("An identifier or nonce in the header cannot be read.")
    return element.value


def _time(element: Element) -> datetime:
    try:
        if element.tag != GENERALIZED_TIME:
            raise ValueError
        # X.690, Section 11.7: fractions of a second may stand there; nobody needs them.
        seconds, _, fraction = element.value.decode("ascii").removesuffix("Z").partition(".")
        if not element.value.endswith(b"Z") or not f"0{fraction}".isdecimal():
            raise ValueError
        return datetime.strptime(seconds, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise CmpMalformed("messageTime is no GeneralizedTime in UTC.") from error


def _algorithm(element: Element) -> Algorithm:
    if element.tag != SEQUENCE:
        raise CmpMalformed("protectionAlg cannot be read.")
    return Algorithm(*read_algorithm(element))


def _nothing(element: Element) -> None:
    return None


# RFC 9810, Section 5.1.1: the optional fields by their tags' numbers; recipKID and freeText are
# passed over.
_OPTIONAL: dict[int, tuple[str, Callable[[Element], Any]]] = {
    0: ("message_time", _time),
    1: ("protection_algorithm", _algorithm),
    2: ("sender_kid", _octets),
    3: ("", _nothing),
    4: ("transaction_id", _octets),
    5: ("sender_nonce", _octets),
    6: ("recip_nonce", _octets),
    7: ("", _nothing),
    8: ("general_info", read_infos),
}


def _protection(element: Element | None) -> bytes | None:
    if element is None:
        return None
    [bits] = read_fields(element, BIT_STRING)
    return read_bits(bits)


def _extra_certs(element: Element | None) -> tuple[bytes, ...]:
    if element is None:
        return ()
    [sequence] = read_fields(element, SEQUENCE)
    certificates = list(sequence.children())
    if len(certificates) > MOST_EXTRA_CERTS or any(one.tag != SEQUENCE for one in certificates):
        raise CmpMalformed(f"extraCerts has at most {MOST_EXTRA_CERTS} certificates.")
    return tuple(one.der for one in certificates)
