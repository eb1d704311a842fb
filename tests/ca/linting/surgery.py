"""Cut a to-be-signed part open, change one field, and close it again: certificates gone wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.serialization import Encoding

from ca.der import (
    BOOLEAN,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    encode_element,
    read_element,
)
from ca.linting.candidate import Attribute, Candidate, ExtensionField, content_of, read_candidate
from ca.linting.throwaway import algorithm_of, sign_copy, sign_with_throwaway
from ca.plan import CertificatePlan
from ca.profiles import Profile
from hsm.keys import KeyAlgorithm

NAMES = (
    "version",
    "serial_number",
    "signature",
    "issuer",
    "validity",
    "subject",
    "public_key",
    "extensions",
)


@dataclass(frozen=True)
class Opened:
    """The eight fields of a to-be-signed part, in DER, with its plan and profile."""

    plan: CertificatePlan
    profile: Profile
    fields: dict[str, bytes]

    def put(self, name: str, der: bytes) -> Opened:
        assert name in NAMES
        return replace(self, fields={**self.fields, name: der})

    @property
    def tbs_der(self) -> bytes:
        return encode_element(SEQUENCE, b"".join(self.fields[name] for name in NAMES))

    @property
    def candidate(self) -> Candidate:
        return read_candidate(self.plan, self.profile, self.tbs_der)

    def serial_number(self, content: bytes) -> Opened:
        return self.put("serial_number", encode_element(0x02, content))

    def times(self, begin: tuple[int, bytes], end: tuple[int, bytes]) -> Opened:
        der = encode_element(*begin) + encode_element(*end)
        return self.put("validity", encode_element(SEQUENCE, der))

    def attributes(self, *attributes: Attribute) -> Opened:
        content = b"".join(
            encode_element(
                SET,
                encode_element(
                    SEQUENCE,
                    encode_element(OBJECT_IDENTIFIER, one.oid) + encode_element(one.tag, one.value),
                ),
            )
            for one in attributes
        )
        return self.put("subject", encode_element(SEQUENCE, content))

    def attribute(self, oid: str, *, value: bytes | None = None, tag: int | None = None) -> Opened:
        changed = [
            Attribute(
                one.oid,
                one.tag if tag is None else tag,
                one.value if value is None else value,
            )
            if one.oid == content_of(oid)
            else one
            for one in self.candidate.attributes
        ]
        return self.attributes(*changed)

    def extensions(self, *extensions: ExtensionField) -> Opened:
        content = b"".join(
            encode_element(
                SEQUENCE,
                encode_element(OBJECT_IDENTIFIER, one.oid)
                + (encode_element(BOOLEAN, b"\xff") if one.critical else b"")
                + encode_element(OCTET_STRING, one.value),
            )
            for one in extensions
        )
        return self.put("extensions", encode_element(0xA3, encode_element(SEQUENCE, content)))

    def extension(
        self, oid: str, value: bytes | None = None, critical: bool | None = None
    ) -> Opened:
        """Change an extension, or add one that is not there."""
        found = self.candidate.extension(content_of(oid))
        if found is None:
            assert value is not None
            added = ExtensionField(content_of(oid), bool(critical), value)
            return self.extensions(*self.candidate.extensions, added)
        changed = ExtensionField(
            found.oid,
            found.critical if critical is None else critical,
            found.value if value is None else value,
        )
        return self.extensions(
            *(changed if one == found else one for one in self.candidate.extensions)
        )

    def without(self, oid: str) -> Opened:
        return self.extensions(
            *(one for one in self.candidate.extensions if one.oid != content_of(oid))
        )

    def replace_in(self, oid: str, old: bytes, new: bytes) -> Opened:
        found = self.candidate.extension(content_of(oid))
        assert found is not None and old in found.value and len(old) == len(new)
        return self.extension(oid, found.value.replace(old, new))


def open_plan(plan: CertificatePlan, profile: Profile) -> Opened:
    algorithm = KeyAlgorithm.EC_P384
    if plan.issuer is not None:
        algorithm = algorithm_of(plan.issuer.certificate.public_key())  # type: ignore[arg-type]
    tbs_der = sign_with_throwaway(plan.builder, algorithm).tbs_certificate_bytes
    elements = read_element(tbs_der).children()
    return Opened(plan, profile, {n: e.der for n, e in zip(NAMES, elements, strict=True)})


class TamperedBuilder:
    """Stands where a plan's builder stands, and signs what the surgery left."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def sign(self, _key: object, _algorithm: object) -> TamperedCertificate:
        return TamperedCertificate(self._opened)


class TamperedCertificate:
    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self.tbs_certificate_bytes = opened.tbs_der

    def public_bytes(self, _encoding: Encoding) -> bytes:
        issuer = self._opened.plan.issuer
        assert issuer is not None
        algorithm = algorithm_of(issuer.certificate.public_key())  # type: ignore[arg-type]
        return sign_copy(self._opened.tbs_der, algorithm)


def tampered_plan(opened: Opened) -> CertificatePlan:
    return replace(opened.plan, builder=TamperedBuilder(opened))  # type: ignore[arg-type]
