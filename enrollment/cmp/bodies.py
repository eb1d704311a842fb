"""Read what bodies hold (RFC 9810, Section 5.3): one request each, as RFC 9483 has it.

Only CmpMalformed and CmpBodyNotOffered come out.
"""

from __future__ import annotations

from dataclasses import dataclass

from ca.csr.parsing import read_algorithm
from ca.csr.requested import RequestedExtension, read_extensions
from ca.csr.templates import named_certificate
from ca.der import (
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    Element,
    read_element,
    read_fields,
    read_integer,
    read_only,
)
from enrollment.cmp.errors import CmpBodyNotOffered, CmpMalformed
from enrollment.cmp.message import Body, Info, PkiMessage
from enrollment.cmp.names import name_in
from enrollment.cmp.reading import read_infos, strictly
from enrollment.cmp.replies import Status

_ENUMERATED = 0x0A
_CRL_REASON = "2.5.29.21"
_HASH_ALGORITHM = 0xA0
# RFC 9810, Section 5.3.4: where there is no certReqId, as in a p10cr, it is -1.
NO_ID = -1
# A column of the database holds it.
_MOST_ID = 2**31 - 1


@dataclass(frozen=True)
class Confirmation:
    """A CertStatus. ``hash_algorithm``: an OID where it is named, else the certificate's own."""

    cert_hash: bytes
    cert_req_id: int
    accepted: bool
    hash_algorithm: str | None


@dataclass(frozen=True)
class RevocationAsked:
    """A RevDetails: issuer (DER) and serial number, and the code of the reason."""

    issuer_der: bytes
    serial_number: int
    reason: int


@dataclass(frozen=True)
class OldCertificate:
    """A CertId (RFC 4211, Section 6.5): issuer (DER) and serial number."""

    issuer_der: bytes
    serial_number: int


def read_request(body: Body, content: bytes) -> bytes:
    """Return the DER of the one CertReqMsg, or of the PKCS #10 request, in a body."""
    if body is Body.P10CR:
        return content
    return strictly(lambda: _only(read_only(content, SEQUENCE), "certificate request").der)


def read_confirmation(message: PkiMessage) -> Confirmation | None:
    """Return what certConf says of the one certificate, None where it rejects all."""
    return strictly(lambda: _confirmation(read_only(message.content, SEQUENCE)))


def read_poll(message: PkiMessage) -> int:
    """Return the certReqId that a pollReq asks for."""
    return strictly(lambda: _poll(read_only(message.content, SEQUENCE)))


def read_revocation(message: PkiMessage) -> RevocationAsked:
    """Return the one revocation that an rr asks for. Raises TemplateRefused too."""
    return strictly(lambda: _revocation(read_only(message.content, SEQUENCE)))


def read_questions(message: PkiMessage) -> tuple[Info, ...]:
    """Return what a genm asks for."""
    return strictly(lambda: read_infos(read_only(message.content, SEQUENCE)))


def read_old_certificate(der: bytes) -> OldCertificate:
    """Read the control oldCertId."""
    return strictly(lambda: _old_certificate(read_only(der, SEQUENCE)))


def checked_id(cert_req_id: int) -> int:
    """Return a certReqId that an answer can repeat. Raises CmpMalformed."""
    if not NO_ID <= cert_req_id <= _MOST_ID:
        raise CmpMalformed("Number the certificate request 0 (RFC 9483, Section 4.1.1).")
    return cert_req_id


def _only(sequence: Element, what: str) -> Element:
    found = list(sequence.children())
    if len(found) != 1:
        raise CmpBodyNotOffered(f"Send one {what} in a message.")
    return found[0]


def _confirmation(content: Element) -> Confirmation | None:
    if content.content == content.end:
        # RFC 9810, Section 5.3.18: an empty sequence rejects all certificates.
        return None
    fields = list(_only(content, "confirmation").children())
    tags = [one.tag for one in fields]
    if tags[:2] != [OCTET_STRING, INTEGER] or tags[2:] not in _CONFIRMATION_ENDS:
        raise CmpMalformed("The confirmation cannot be read.")
    rest = {one.tag: one for one in fields[2:]}
    return Confirmation(
        cert_hash=fields[0].value,
        cert_req_id=read_integer(fields[1]),
        accepted=_is_accepted(rest.get(SEQUENCE)),
        hash_algorithm=_hash_algorithm(rest.get(_HASH_ALGORITHM)),
    )


_CONFIRMATION_ENDS: tuple[list[int], ...] = (
    [],
    [SEQUENCE],
    [_HASH_ALGORITHM],
    [SEQUENCE, _HASH_ALGORITHM],
)


def _is_accepted(status_info: Element | None) -> bool:
    # RFC 9810, Section 5.3.18: without statusInfo it is accepted.
    if status_info is None:
        return True
    status = read_element(status_info.data, status_info.content, status_info.end)
    return read_integer(status) in (Status.ACCEPTED, Status.GRANTED_WITH_MODS)


def _hash_algorithm(element: Element | None) -> str | None:
    if element is None:
        return None
    [identifier] = read_fields(element, SEQUENCE)
    return read_algorithm(identifier)[0]


def _poll(content: Element) -> int:
    [cert_req_id] = read_fields(_only(content, "certReqId"), INTEGER)
    return read_integer(cert_req_id)


def _revocation(content: Element) -> RevocationAsked:
    fields = list(_only(content, "revocation").children())
    if not 1 <= len(fields) <= 2:
        raise CmpMalformed("The revocation request cannot be read.")
    issuer_der, serial_number = named_certificate(fields[0])
    extensions = read_extensions(fields[1]) if len(fields) == 2 else ()
    return RevocationAsked(issuer_der, serial_number, _reason(extensions))


def _reason(extensions: tuple[RequestedExtension, ...]) -> int:
    for extension in extensions:
        if extension.oid == _CRL_REASON:
            code = read_only(extension.value, _ENUMERATED).value
            return int.from_bytes(code, "big", signed=True)
        if extension.critical:
            raise CmpMalformed("Of the CRL entry's extensions only the reason is taken.")
    # RFC 5280, Section 5.3.1: unspecified is said by saying nothing.
    return 0


def _old_certificate(cert_id: Element) -> OldCertificate:
    issuer, serial_number = cert_id.children()
    name = name_in(issuer)
    if name is None:
        raise CmpMalformed("Name the issuer of the old certificate by its directoryName.")
    return OldCertificate(name, read_integer(serial_number))
