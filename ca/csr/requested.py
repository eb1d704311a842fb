"""What a request asks for beside a name and a key: its requested extensions.

RFC 2985, Section 5.4.2 (extensionRequest) and RFC 5280, Section 4.2.1. Nothing here grants
anything: which of it is taken is the profile's matter.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ca.csr.refusals import CsrDuplicateExtension, CsrMalformed
from ca.der import (
    BIT_STRING,
    BOOLEAN,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    Element,
    read_element,
    read_integer,
    read_oid,
    read_only,
)
from core import oids

# RFC 5280, Section 4.2.1.6: GeneralName's context tags that have a plain value.
_NAME_KINDS: dict[int, Literal["email", "dns", "uri"]] = {0x81: "email", 0x82: "dns", 0x86: "uri"}
_IP_ADDRESS = 0x87
# RFC 5280, Section 4.2.1.3: keyCertSign is bit 5 and cRLSign bit 6 of the first octet.
_CA_KEY_USAGES = 0b0000_0110


@dataclass(frozen=True)
class RequestedName:
    """A name that the request wants in subjectAltName; ``other`` ones keep their DER in hex."""

    kind: Literal["email", "dns", "uri", "ip", "other"]
    value: str


@dataclass(frozen=True)
class RequestedExtension:
    """An extension as requested: dotted OID, criticality, and the DER of its value."""

    oid: str
    critical: bool
    value: bytes


def read_extensions(value: Element) -> tuple[RequestedExtension, ...]:
    """Read Extensions. Raises NotDer, CsrMalformed or CsrDuplicateExtension."""
    if value.tag != SEQUENCE:
        raise CsrMalformed("The requested extensions cannot be read.")
    extensions = tuple(_read_extension(one) for one in value.children())
    oid = first_duplicate(one.oid for one in extensions)
    if oid is not None:
        raise CsrDuplicateExtension(f"The extension {oid} is requested twice.", extension=oid)
    return extensions


def first_duplicate(oids_in_order: Iterable[str]) -> str | None:
    """Return the first OID that was there before, or None."""
    seen: set[str] = set()
    for oid in oids_in_order:
        if oid in seen:
            return oid
        seen.add(oid)
    return None


def _read_extension(element: Element) -> RequestedExtension:
    fields = list(element.children())
    if element.tag != SEQUENCE or not 2 <= len(fields) <= 3 or fields[-1].tag != OCTET_STRING:
        raise CsrMalformed("A requested extension cannot be read.")
    critical = False
    if len(fields) == 3:
        # X.690, Sections 11.1 and 11.5: TRUE is FF, and the default FALSE is left out.
        if fields[1].tag != BOOLEAN or fields[1].value != b"\xff":
            raise CsrMalformed("The criticality of a requested extension cannot be read.")
        critical = True
    return RequestedExtension(read_oid(fields[0]), critical, fields[-1].value)


def requests_authority(extensions: tuple[RequestedExtension, ...]) -> bool:
    """Tell whether a request asks to become a certification authority.

    That is basicConstraints with CA:TRUE, or a key usage that signs certificates or CRLs.
    Raises NotDer or CsrMalformed for values that cannot be read.
    """
    return any(
        _is_ca(one.value)
        if one.oid == oids.BASIC_CONSTRAINTS
        else one.oid == oids.KEY_USAGE and _signs_certificates(one.value)
        for one in extensions
    )


def _is_ca(value: bytes) -> bool:
    fields = list(read_only(value, SEQUENCE).children())
    ca = bool(fields) and fields[0].tag == BOOLEAN
    if ca and fields.pop(0).value != b"\xff":
        raise CsrMalformed("The requested basic constraints cannot be read.")
    if len(fields) > 1 or any(one.tag != INTEGER or read_integer(one) < 0 for one in fields):
        raise CsrMalformed("The requested basic constraints cannot be read.")
    return ca


def _signs_certificates(value: bytes) -> bool:
    bits = read_only(value, BIT_STRING).value
    if not 2 <= len(bits) <= 3 or bits[0] > 7:
        raise CsrMalformed("The requested key usage cannot be read.")
    return bool(bits[1] & _CA_KEY_USAGES)


def read_alternative_names(
    extensions: tuple[RequestedExtension, ...],
) -> tuple[RequestedName, ...]:
    """Return the requested subjectAltName. Raises NotDer or CsrMalformed."""
    for one in extensions:
        if one.oid == oids.SUBJECT_ALTERNATIVE_NAME:
            return tuple(_read_name(name) for name in read_only(one.value, SEQUENCE).children())
    return ()


def _read_name(element: Element) -> RequestedName:
    kind = _NAME_KINDS.get(element.tag)
    if kind is not None:
        if not element.value.isascii() or not element.value:
            raise CsrMalformed("A requested alternative name is no ASCII text.")
        return RequestedName(kind, element.value.decode("ascii"))
    if element.tag == _IP_ADDRESS:
        try:
            return RequestedName("ip", str(ipaddress.ip_address(element.value)))
        except ValueError as error:
            raise CsrMalformed("A requested IP address has a wrong length.") from error
    return RequestedName("other", element.der.hex())


def extension_request(values: Element) -> tuple[RequestedExtension, ...]:
    """Read the SET of an extensionRequest attribute, which has one value (RFC 2985, 5.4.2)."""
    first = read_element(values.data, values.content, values.end)
    if first.end != values.end:
        raise CsrMalformed("The request has several lists of extensions.")
    return read_extensions(first)
