"""Read a CertReqMsg of CRMF into the parts of a request; RFC 4211. Only Malformed comes out.

CertReqMsg  ::= SEQUENCE { certReq CertRequest, popo ProofOfPossession OPTIONAL, regInfo … }
CertRequest ::= SEQUENCE { certReqId INTEGER, certTemplate CertTemplate, controls … OPTIONAL }
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ca.csr.parsing import MOST_OCTETS, ParsedCsr, read_algorithm, read_subject
from ca.csr.refusals import KEPT, CsrMalformed, CsrTooLarge
from ca.csr.requested import (
    RequestedExtension,
    read_alternative_names,
    read_extensions,
    requests_authority,
)
from ca.csr.template_refusals import PossessionNotProven, TemplateRefused
from ca.der import (
    BIT_STRING,
    GENERALIZED_TIME,
    INTEGER,
    OBJECT_IDENTIFIER,
    SEQUENCE,
    UTC_TIME,
    Element,
    NotDer,
    encode_element,
    read_bits,
    read_element,
    read_fields,
    read_integer,
    read_oid,
    read_only,
)
from core import oids

# RFC 4211, Section 5: CertTemplate's fields by their tags. Names are explicit, being a CHOICE.
_SERIAL_NUMBER, _SIGNING_ALG, _ISSUER, _VALIDITY = 0x81, 0xA2, 0xA3, 0xA4
_SUBJECT, _PUBLIC_KEY, _ISSUER_UID, _SUBJECT_UID, _EXTENSIONS = 0xA5, 0xA6, 0x87, 0x88, 0xA9
_VERSION = 0x80
_TEMPLATE_ORDER = (
    *(_VERSION, _SERIAL_NUMBER, _SIGNING_ALG, _ISSUER, _VALIDITY),
    *(_SUBJECT, _PUBLIC_KEY, _ISSUER_UID, _SUBJECT_UID, _EXTENSIONS),
)
# Section 5 calls the first two assigned by the authority; unique identifiers nobody uses.
_FOR_THE_AUTHORITY = {
    _SERIAL_NUMBER: "serialNumber",
    _SIGNING_ALG: "signingAlg",
    _ISSUER_UID: "issuerUID",
    _SUBJECT_UID: "subjectUID",
}
# Section 4: ProofOfPossession.
_RA_VERIFIED, _SIGNATURE = 0x80, 0xA1
_POPOSK_INPUT = 0xA0
_NOT_BEFORE, _NOT_AFTER = 0xA0, 0xA1
_EMPTY_NAME = b"\x30\x00"
_TIME_FORMS = {UTC_TIME: "%y%m%d%H%M%SZ", GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}


@dataclass(frozen=True)
class RequestedTemplate:
    """What a CertReqMsg says beside key, names and extensions.

    ``issuer_der`` and ``subject_der`` are Names, None where they are absent or empty. ``controls``
    has the DER of each control by its dotted OID.
    """

    cert_req_id: int
    issuer_der: bytes | None
    subject_der: bytes | None
    not_after: datetime | None
    controls: Mapping[str, bytes]
    ra_verified: bool


@dataclass(frozen=True)
class _Possession:
    """Algorithm, its parameters and the signature; all empty for raVerified."""

    algorithm: str = ""
    parameters: bytes = b""
    signature: bytes = b""


def parse_cert_request(
    data: bytes, *, ra_verified_allowed: bool = False
) -> tuple[ParsedCsr, RequestedTemplate]:
    """Read the DER of a CertReqMsg. Raises Malformed, PossessionNotProven or TemplateRefused."""
    if len(data) > MOST_OCTETS:
        raise CsrTooLarge(
            f"The request has {len(data)} bytes; {MOST_OCTETS} are the most.", kept=KEPT
        )
    try:
        return _parse(data, ra_verified_allowed)
    except NotDer as error:
        raise CsrMalformed(f"This is not a certificate request message. {error.detail}") from error


def template_fields(template: Element) -> dict[int, Element]:
    """Return the fields of a CertTemplate by their tags. Raises CsrMalformed or NotDer."""
    fields = list(template.children())
    tags = [one.tag for one in fields]
    if template.tag != SEQUENCE or tags != [one for one in _TEMPLATE_ORDER if one in tags]:
        raise CsrMalformed("The certificate template has unknown fields, or in a wrong order.")
    return dict(zip(tags, fields, strict=True))


def named_certificate(template: Element) -> tuple[bytes, int]:
    """Return issuer (DER) and serial number that a template names (RFC 9810, Section 5.3.9).

    Raises TemplateRefused where one of them is missing, and as :func:`template_fields`.
    """
    fields = template_fields(template)
    if _ISSUER not in fields or _SERIAL_NUMBER not in fields:
        raise TemplateRefused("Name the certificate by its issuer and its serial number.")
    return _name(fields[_ISSUER]), read_implicit_integer(fields[_SERIAL_NUMBER])


def read_implicit_integer(element: Element) -> int:
    """Return an INTEGER under an implicit tag. Raises NotDer."""
    return read_integer(read_only(encode_element(INTEGER, element.value), INTEGER))


def _parse(data: bytes, ra_verified_allowed: bool) -> tuple[ParsedCsr, RequestedTemplate]:
    message = list(read_only(data, SEQUENCE).children())
    if not message or message[0].tag != SEQUENCE:
        raise CsrMalformed("The message has no certificate request.")
    request = list(message[0].children())
    if [one.tag for one in request[:2]] != [INTEGER, SEQUENCE] or len(request) > 3:
        raise CsrMalformed("The certificate request has no number or no template.")
    fields = template_fields(request[1])
    _check_template(fields)
    possession = _possession(message[1:], ra_verified_allowed)
    template = RequestedTemplate(
        cert_req_id=read_integer(request[0]),
        issuer_der=_optional_name(fields.get(_ISSUER)),
        subject_der=_optional_name(fields.get(_SUBJECT)),
        not_after=_not_after(fields.get(_VALIDITY)),
        controls=_controls(request[2]) if len(request) == 3 else {},
        ra_verified=not possession.algorithm,
    )
    return _as_request(data, message[0].der, fields, possession), template


def _as_request(
    data: bytes, signed: bytes, fields: Mapping[int, Element], possession: _Possession
) -> ParsedCsr:
    extensions: tuple[RequestedExtension, ...] = ()
    if _EXTENSIONS in fields:
        written = encode_element(SEQUENCE, fields[_EXTENSIONS].value)
        extensions = read_extensions(read_only(written, SEQUENCE))
    return ParsedCsr(
        csr_der=data,
        info_der=signed,
        subject=read_subject(read_only(_name(fields[_SUBJECT]), SEQUENCE))
        if _SUBJECT in fields
        else (),
        public_key_info=encode_element(SEQUENCE, fields[_PUBLIC_KEY].value),
        extensions=extensions,
        alternative_names=read_alternative_names(extensions),
        requests_authority=requests_authority(extensions),
        signature_algorithm=possession.algorithm,
        signature_parameters=possession.parameters,
        signature=possession.signature,
    )


def _check_template(fields: Mapping[int, Element]) -> None:
    for tag, name in _FOR_THE_AUTHORITY.items():
        if tag in fields:
            raise TemplateRefused(f"Leave {name} out of the template: we fill it.", kept=KEPT)
    version = fields.get(_VERSION)
    if version is not None and version.value != b"\x02":
        raise TemplateRefused("Certificates have version 3; leave version out.", kept=KEPT)
    key = fields.get(_PUBLIC_KEY)
    # RFC 9483, Section 4.1.6: no key, or one without bits, asks the server to make it.
    if key is None or key.value.endswith(b"\x03\x01\x00"):
        raise TemplateRefused(
            "The template has no public key. Make the key where it is used: nobody makes it here.",
            kept=KEPT,
        )


def _possession(rest: list[Element], ra_verified_allowed: bool) -> _Possession:
    # regInfo is a SEQUENCE; it says nothing that is read here (RFC 4211, Section 7).
    proofs = [one for one in rest if one.tag != SEQUENCE]
    if len(rest) > 2 or len(proofs) > 1 or (proofs and rest[0] is not proofs[0]):
        raise CsrMalformed("The message has fields that it may not have.")
    proof = proofs[0] if proofs else None
    if proof is not None and proof.tag == _RA_VERIFIED:
        if not ra_verified_allowed:
            raise PossessionNotProven(
                "raVerified is believed from a registration authority alone, whose grant says "
                "so. Sign the request with the key that it asks for.",
                kept=KEPT,
            )
        return _Possession()
    if proof is None or proof.tag != _SIGNATURE:
        raise PossessionNotProven(
            "Sign the request with the key that it asks for; no other proof is read here.",
            kept=KEPT,
        )
    return _signature(proof)


def _signature(proof: Element) -> _Possession:
    fields = list(proof.children())
    if fields and fields[0].tag == _POPOSK_INPUT:
        # RFC 4211, Section 4.1: for templates without subject or key, which get no further.
        raise PossessionNotProven(
            "Sign the certificate request itself, without poposkInput.", kept=KEPT
        )
    algorithm, bits = read_fields(proof, SEQUENCE, BIT_STRING)
    return _Possession(*read_algorithm(algorithm), read_bits(bits))


def _name(element: Element) -> bytes:
    [name] = read_fields(element, SEQUENCE)
    return name.der


def _optional_name(element: Element | None) -> bytes | None:
    name = None if element is None else _name(element)
    return None if name == _EMPTY_NAME else name


def _not_after(validity: Element | None) -> datetime | None:
    if validity is None:
        return None
    fields = list(validity.children())
    tags = [one.tag for one in fields]
    if tags not in ([_NOT_BEFORE], [_NOT_AFTER], [_NOT_BEFORE, _NOT_AFTER]):
        raise CsrMalformed("The validity in the template cannot be read.")
    return _time(fields[-1]) if tags[-1] == _NOT_AFTER else None


def _time(explicit: Element) -> datetime:
    time = read_element(explicit.data, explicit.content, explicit.end)
    form = _TIME_FORMS.get(time.tag)
    try:
        if form is None or time.end != explicit.end:
            raise ValueError
        read = datetime.strptime(time.value.decode("ascii"), form).replace(tzinfo=UTC)
    except ValueError as error:
        raise CsrMalformed("A time in the template cannot be read.") from error
    # RFC 5280, Section 4.1.2.5.1: UTCTime's years end with 2049; Python's with 2068.
    return read.replace(year=read.year - 100) if time.tag == UTC_TIME and read.year > 2049 else read


def _controls(controls: Element) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for control in controls.children():
        fields = list(control.children())
        if control.tag != SEQUENCE or len(fields) != 2 or fields[0].tag != OBJECT_IDENTIFIER:
            raise CsrMalformed("A control of the request cannot be read.")
        oid = read_oid(fields[0])
        if oid in found:
            raise CsrMalformed(f"The control {oid} stands twice.", control=oid)
        found[oid] = fields[1].der
    if oids.PKI_ARCHIVE_OPTIONS in found:
        raise TemplateRefused("Keep your private key: it is archived by nobody.", kept=KEPT)
    return found
