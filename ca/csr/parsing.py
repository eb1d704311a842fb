"""Read a PKCS #10 request into its parts; RFC 2986, Section 4. Only Malformed comes out."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from ca.csr.refusals import (
    KEPT,
    CsrDuplicateAttribute,
    CsrMalformed,
    CsrPemMalformed,
    CsrTooLarge,
    CsrTrailingData,
    CsrTruncated,
)
from ca.csr.requested import (
    RequestedExtension,
    RequestedName,
    extension_request,
    first_duplicate,
    read_alternative_names,
    requests_authority,
)
from ca.der import (
    BIT_STRING,
    INTEGER,
    OBJECT_IDENTIFIER,
    SEQUENCE,
    SET,
    Element,
    NotDer,
    TrailingData,
    Truncated,
    read_bits,
    read_element,
    read_fields,
    read_oid,
    read_only,
)
from core import oids

# An RSA-8192 request with a long list of names has 4 kB; PEM needs a third more.
MOST_OCTETS = 32 * 1024
MOST_ATTRIBUTES = 32

# RFC 7468, Section 7; the older label is still written by some programs.
_PEM = re.compile(
    rb"\s*-----BEGIN (NEW )?CERTIFICATE REQUEST-----\r?\n([A-Za-z0-9+/=\s]+)"
    rb"-----END (NEW )?CERTIFICATE REQUEST-----\s*"
)
_PEM_BEGIN = re.compile(rb"\s*-----BEGIN ")
# RFC 2986, Section 4.1: attributes [0].
_ATTRIBUTES = 0xA0
_VERSION_1 = b"\x02\x01\x00"
# Attributes of a subject that may stand several times.
_REPEATABLE = frozenset({oids.ORGANIZATIONAL_UNIT_NAME, oids.DOMAIN_COMPONENT})


@dataclass(frozen=True)
class ParsedCsr:
    """The parts of a request, unjudged. ``subject`` has (OID, string tag, content octets)."""

    csr_der: bytes
    info_der: bytes
    subject: tuple[tuple[str, int, bytes], ...]
    public_key_info: bytes
    extensions: tuple[RequestedExtension, ...]
    alternative_names: tuple[RequestedName, ...]
    requests_authority: bool
    signature_algorithm: str
    signature_parameters: bytes
    signature: bytes


def parse_csr(data: bytes) -> ParsedCsr:
    """Read PEM or DER. Raises CsrMalformed, naming the defect."""
    if len(data) > MOST_OCTETS:
        raise CsrTooLarge(
            f"The request has {len(data)} bytes; {MOST_OCTETS} are the most.",
            kept=KEPT,
            octets=len(data),
            most=MOST_OCTETS,
        )
    try:
        return _parse_der(_unarmour(data))
    except Truncated as error:
        raise CsrTruncated("The request is cut off before its end.", kept=KEPT) from error
    except TrailingData as error:
        raise CsrTrailingData("Bytes follow after the end of the request.", kept=KEPT) from error
    except NotDer as error:
        raise CsrMalformed(
            "It is no PKCS #10. A text has to be whole, from the line BEGIN CERTIFICATE REQUEST to "
            "the line END CERTIFICATE REQUEST.",
            kept=KEPT,
            reason=error.detail,
        ) from error


def _unarmour(data: bytes) -> bytes:
    if not _PEM_BEGIN.match(data):
        return data
    match = _PEM.fullmatch(data)
    if match is None or match[1] != match[3]:
        raise CsrPemMalformed(
            "It has to be exactly one block, from the line BEGIN CERTIFICATE REQUEST to the line "
            "END CERTIFICATE REQUEST.",
            kept=KEPT,
        )
    try:
        return base64.b64decode(b"".join(match[2].split()), validate=True)
    except binascii.Error as error:
        raise CsrPemMalformed("The text between the PEM lines is not base64.") from error


def _parse_der(der: bytes) -> ParsedCsr:
    info, algorithm, signature = read_fields(
        read_only(der, SEQUENCE), SEQUENCE, SEQUENCE, BIT_STRING
    )
    version, subject, public_key, *rest = _info_fields(info)
    if version.der != _VERSION_1:
        raise CsrMalformed("The request has an unknown version.")
    extensions = _read_attributes(rest[0]) if rest else ()
    oid, parameters = read_algorithm(algorithm)
    return ParsedCsr(
        csr_der=der,
        info_der=info.der,
        subject=read_subject(subject),
        public_key_info=public_key.der,
        extensions=extensions,
        alternative_names=read_alternative_names(extensions),
        requests_authority=requests_authority(extensions),
        signature_algorithm=oid,
        signature_parameters=parameters,
        signature=read_bits(signature),
    )


def _info_fields(info: Element) -> list[Element]:
    fields = list(info.children())
    # Attributes are not OPTIONAL, yet some programs leave the empty set out.
    if [one.tag for one in fields[:3]] != [INTEGER, SEQUENCE, SEQUENCE] or len(fields) > 4:
        raise CsrMalformed("The request lacks a version, a subject or a key.")
    if len(fields) == 4 and fields[3].tag != _ATTRIBUTES:
        raise CsrMalformed("The request has an unknown field.")
    return fields


def read_algorithm(element: Element) -> tuple[str, bytes]:
    """Return the OID and the DER of the parameters (empty when absent) of an AlgorithmIdentifier.

    Raises NotDer.
    """
    oid = read_element(element.data, element.content, element.end)
    return read_oid(oid), element.data[oid.end : element.end]


def read_subject(name: Element) -> tuple[tuple[str, int, bytes], ...]:
    """Return a Name's attributes: OID, string tag, content. Raises NotDer or CsrMalformed."""
    subject: list[tuple[str, int, bytes]] = []
    for rdn in name.children():
        if rdn.tag != SET or rdn.content == rdn.end:
            raise CsrMalformed("The subject of the request cannot be read.")
        for attribute in rdn.children():
            fields = list(attribute.children())
            if attribute.tag != SEQUENCE or len(fields) != 2:
                raise CsrMalformed("The subject of the request cannot be read.")
            subject.append((read_oid(fields[0]), fields[1].tag, fields[1].value))
    _refuse_duplicates([oid for oid, _, _ in subject if oid not in _REPEATABLE])
    return tuple(subject)


def _read_attributes(attributes: Element) -> tuple[RequestedExtension, ...]:
    extensions: tuple[RequestedExtension, ...] = ()
    seen: list[str] = []
    for attribute in attributes.children():
        kind, values = read_fields(attribute, OBJECT_IDENTIFIER, SET)
        seen.append(read_oid(kind))
        if len(seen) > MOST_ATTRIBUTES:
            raise CsrMalformed(f"The request has more than {MOST_ATTRIBUTES} attributes.")
        if seen[-1] == oids.EXTENSION_REQUEST:
            extensions = extension_request(values)
    _refuse_duplicates(seen)
    return extensions


def _refuse_duplicates(seen: list[str]) -> None:
    oid = first_duplicate(seen)
    if oid is not None:
        raise CsrDuplicateAttribute(
            f"The attribute {oid} stands twice in the request.", kept=KEPT, attribute=oid
        )
