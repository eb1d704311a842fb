"""The to-be-signed part of a certificate, cut into fields where they stand, for rules to read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import NamedTuple

from ca.der import (
    BOOLEAN,
    GENERALIZED_TIME,
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    UTC_TIME,
    Element,
    NotDer,
    encode_oid,
    read_element,
    read_header,
    read_only,
)
from ca.linting.issuer_facts import IssuerFacts, issuer_facts
from ca.plan import CertificatePlan
from ca.profiles import Profile

# version [0], serialNumber, signature, issuer, validity, subject, key, extensions [3].
_FIELD_TAGS = (0xA0, INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, 0xA3)
_FIRST_GENERALIZED_YEAR = 2050
_EXTENSION_TAGS = (SEQUENCE, OBJECT_IDENTIFIER, OCTET_STRING)


def content_of(oid: str) -> bytes:
    """Return the content octets of an object identifier, as fields here are compared."""
    return encode_oid(oid)[2:]


class Attribute(NamedTuple):
    """One attribute of a name: OID content, string tag, value."""

    oid: bytes
    tag: int
    value: bytes


class ExtensionField(NamedTuple):
    """One extension: OID content, criticality, the DER of its value."""

    oid: bytes
    critical: bool
    value: bytes


@dataclass(frozen=True)
class Candidate:
    """What is linted: the plan, its profile, and the fields of the bytes to be signed."""

    plan: CertificatePlan
    profile: Profile
    tbs_der: bytes
    version: bytes
    serial_number: bytes
    signature_algorithm: bytes
    issuer: bytes
    not_before: Element
    not_after: Element
    subject: bytes
    attributes: tuple[Attribute, ...]
    public_key: bytes
    extensions: tuple[ExtensionField, ...]

    def extension(self, oid: bytes) -> ExtensionField | None:
        """Return the first extension with this OID content."""
        return self._first_extensions.get(oid)

    @cached_property
    def _first_extensions(self) -> dict[bytes, ExtensionField]:
        return {one.oid: one for one in reversed(self.extensions)}

    @cached_property
    def issuer_facts(self) -> IssuerFacts | None:
        """What the issuer's own certificate fixes; None for a self-signed certificate."""
        issuer = self.plan.issuer
        return None if issuer is None else issuer_facts(issuer.certificate)

    @cached_property
    def planned_times(self) -> tuple[tuple[int, bytes], tuple[int, bytes]]:
        """Tag and content of the plan's notBefore and notAfter, as their years demand."""
        return encode_time(self.plan.not_before), encode_time(self.plan.not_after)


def read_candidate(plan: CertificatePlan, profile: Profile, tbs_der: bytes) -> Candidate:
    """Cut a TBSCertificate (RFC 5280, Section 4.1) into its fields. Raises NotDer."""
    fields = list(read_only(tbs_der, SEQUENCE).children())
    if tuple(field.tag for field in fields) != _FIELD_TAGS:
        raise NotDer("The to-be-signed part has other fields than a version 3 certificate.")
    version, serial_number, algorithm, issuer, validity, subject, public_key, extensions = fields
    not_before = read_element(tbs_der, validity.content, validity.end)
    not_after = read_element(tbs_der, not_before.end, validity.end)
    if not_after.end != validity.end:
        raise NotDer("The validity has other fields than two times.")
    return Candidate(
        plan=plan,
        profile=profile,
        tbs_der=tbs_der,
        version=version.value,
        serial_number=serial_number.value,
        signature_algorithm=algorithm.der,
        issuer=issuer.der,
        not_before=not_before,
        not_after=not_after,
        subject=subject.der,
        attributes=read_attributes(subject),
        public_key=public_key.der,
        extensions=_read_extensions(extensions),
    )


def read_attributes(name: Element) -> tuple[Attribute, ...]:
    """Return a name's attributes; each RDN has to have exactly one. Raises NotDer."""
    data, offset = name.data, name.content
    attributes: list[Attribute] = []
    while offset < name.end:
        set_tag, pair_start, rdn_end = read_header(data, offset, name.end)
        pair_tag, oid_start, pair_end = read_header(data, pair_start, rdn_end)
        if set_tag != SET or pair_tag != SEQUENCE or pair_end != rdn_end:
            raise NotDer("A relative distinguished name has several attributes.")
        oid_tag, oid_content, oid_end = read_header(data, oid_start, pair_end)
        tag, content, end = read_header(data, oid_end, pair_end)
        if oid_tag != OBJECT_IDENTIFIER or end != pair_end:
            raise NotDer("An attribute has other fields than type and value.")
        attributes.append(Attribute(data[oid_content:oid_end], tag, data[content:end]))
        offset = rdn_end
    return tuple(attributes)


def _read_extensions(wrapper: Element) -> tuple[ExtensionField, ...]:
    data = wrapper.data
    tag, offset, limit = read_header(data, wrapper.content, wrapper.end)
    if tag != SEQUENCE or limit != wrapper.end:
        raise NotDer("The extensions are not one list.")
    extensions: list[ExtensionField] = []
    while offset < limit:
        tag, oid_start, end = read_header(data, offset, limit)
        oid_tag, oid_content, oid_end = read_header(data, oid_start, end)
        value_tag, content, value_end = read_header(data, oid_end, end)
        critical = value_tag == BOOLEAN
        if critical:
            if data[content:value_end] != b"\xff":
                raise NotDer("An extension writes its default criticality.")
            value_tag, content, value_end = read_header(data, value_end, end)
        if (tag, oid_tag, value_tag) != _EXTENSION_TAGS or value_end != end:
            raise NotDer("An extension has other fields than OID, criticality and value.")
        extensions.append(
            ExtensionField(data[oid_content:oid_end], critical, data[content:value_end])
        )
        offset = end
    return tuple(extensions)


def encode_time(instant: datetime) -> tuple[int, bytes]:
    """Return tag and content of a time in a certificate.

    RFC 5280, Section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050.
    """
    instant = instant.astimezone(UTC)
    if instant.year >= _FIRST_GENERALIZED_YEAR:
        return GENERALIZED_TIME, instant.strftime("%Y%m%d%H%M%SZ").encode("ascii")
    return UTC_TIME, instant.strftime("%y%m%d%H%M%SZ").encode("ascii")
