"""The shape of a profile's TOML file; an unknown key or a contradiction is a mistake."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from string import Formatter
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core import oids

FORMAT: Final = "camtrust-profile-1"

ATTRIBUTES: Final[Mapping[str, str]] = {
    "country_name": oids.COUNTRY_NAME,
    "organization_name": oids.ORGANIZATION_NAME,
    "organization_identifier": oids.ORGANIZATION_IDENTIFIER,
    "organizational_unit_name": oids.ORGANIZATIONAL_UNIT_NAME,
    "business_category": oids.BUSINESS_CATEGORY,
    "title": oids.TITLE,
    "surname": oids.SURNAME,
    "given_name": oids.GIVEN_NAME,
    "serial_number": oids.SERIAL_NUMBER,
    "common_name": oids.COMMON_NAME,
}
EXTENDED_KEY_USAGES: Final[Mapping[str, str]] = {
    "server_auth": oids.SERVER_AUTH,
    "client_auth": oids.CLIENT_AUTH,
    "code_signing": oids.CODE_SIGNING,
    "email_protection": oids.EMAIL_PROTECTION,
    "time_stamping": oids.TIME_STAMPING,
    "ocsp_signing": oids.OCSP_SIGNING,
    "cmc_ra": oids.CMC_RA,
    "document_signing": oids.DOCUMENT_SIGNING,
    "vds_nc_signer": oids.VDS_NC_SIGNER,
}
REQUESTED_EXTENSIONS: Final[Mapping[str, str]] = {
    "subject_alternative_name": oids.SUBJECT_ALTERNATIVE_NAME,
    "key_usage": oids.KEY_USAGE,
    "extended_key_usage": oids.EXTENDED_KEY_USAGE,
    "basic_constraints": oids.BASIC_CONSTRAINTS,
    "subject_key_identifier": oids.SUBJECT_KEY_IDENTIFIER,
}

# CA/Browser Forum, Baseline Requirements, Section 1.6.1: short-lived is seven days at most.
SHORT_LIVED_DAYS: Final = 7
# X-Road's security servers take no certificate without an answer about its status.
ALWAYS_ASKED_ROLES: Final = frozenset({"camdx"})

KeyType = Literal["ec-p256", "ec-p384", "rsa", "ed25519"]
Role = Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,63}$")]
# RFC 5280, Section 4.2.1.3, in the order of the bits.
KeyUsageBit = Literal[
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
]
NameKind = Literal["email", "dns", "ip", "uri"]


# Types of ETSI EN 319 412 that pkilint knows and that fit outside the European Union. They stand
# here because asking pkilint for them takes a quarter of a command's start.
ETSI_TYPES: Final = frozenset(
    {
        "NCP-NATURAL-PERSON-CERTIFICATE",
        "NCP-LEGAL-PERSON-CERTIFICATE",
        "NCP-W-NATURAL-PERSON-FINAL-CERTIFICATE",
        "NCP-W-LEGAL-PERSON-FINAL-CERTIFICATE",
        "DVCP-FINAL-CERTIFICATE",
        "IVCP-FINAL-CERTIFICATE",
        "OVCP-FINAL-CERTIFICATE",
        "EVCP-FINAL-CERTIFICATE",
    }
)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _compile(pattern: str | None) -> str | None:
    if pattern is not None:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from error
    return pattern


class SubjectField(_Model):
    """One attribute of the subject and where its value comes from.

    Exactly one of ``constant``, ``fact`` (what the decision established) and ``template``
    (``{fact}`` in a text). ``from_request``: where the fact is absent the request's own
    attribute is taken. ``pattern``: what the whole value has to match.
    """

    attribute: Literal[tuple(ATTRIBUTES)]  # type: ignore[valid-type]
    constant: str | None = None
    fact: str | None = None
    template: str | None = None
    from_request: bool = False
    optional: bool = False
    pattern: Annotated[str | None, Field(validate_default=True)] = None

    _pattern = field_validator("pattern")(_compile)

    @property
    def oid(self) -> str:
        """The attribute's object identifier."""
        return ATTRIBUTES[self.attribute]

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        sources = [self.constant, self.fact, self.template]
        if sum(one is not None for one in sources) != 1:
            raise ValueError("needs exactly one of constant, fact and template")
        if self.from_request and self.fact is None:
            raise ValueError("from_request stands beside a fact")
        return self


class AlternativeNameField(_Model):
    """Names of one kind in subjectAltName, from a fact that is one text or several."""

    kind: NameKind
    fact: str
    from_request: bool = False
    optional: bool = False
    most: Annotated[int, Field(ge=1, le=100)] = 1


class Keys(_Model):
    """Key types that are accepted; ``by_role`` replaces them under an issuer of that role."""

    types: Annotated[tuple[KeyType, ...], Field(min_length=1)]
    by_role: dict[Role, tuple[KeyType, ...]] = {}


class Lint(_Model):
    """The validator of pkilint that fits, and for ``etsi`` the type of certificate."""

    linter: Literal["etsi", "pkix"]
    type: str | None = None

    @model_validator(mode="after")
    def _names_a_type(self) -> Self:
        if (self.linter == "etsi") != (self.type is not None):
            raise ValueError("etsi needs a type, pkix has none")
        if self.type is not None and self.type not in ETSI_TYPES:
            raise ValueError(f"no type {self.type} is linted here")
        return self


class KeyUsages(_Model):
    """Bits for every key, and those that only this family of keys can honour.

    RFC 8813, Section 3 and RFC 3279: encipherment needs RSA, agreement needs EC.
    """

    any: tuple[KeyUsageBit, ...] = ()
    rsa: tuple[KeyUsageBit, ...] = ()
    ec: tuple[KeyUsageBit, ...] = ()

    @model_validator(mode="after")
    def _fits_the_algorithms(self) -> Self:
        encipherment = {"key_encipherment", "data_encipherment"}
        if encipherment & {*self.any, *self.ec} or "key_agreement" in {*self.any, *self.rsa}:
            raise ValueError("encipherment stands under rsa alone, key_agreement under ec alone")
        if not (self.any or (self.rsa or self.ec)):
            raise ValueError("needs at least one bit")
        return self


class QcStatements(_Model):
    """ETSI EN 319 412-5, without the claim of EU qualification (QcCompliance)."""

    semantics: Literal["natural", "legal"]
    type: Literal["esign", "eseal"] | None = None


class Extensions(_Model):
    """The extensions beside subject and authority key identifier, which are always there."""

    key_usage: KeyUsages
    extended_key_usage: tuple[Literal[tuple(EXTENDED_KEY_USAGES)], ...] = ()  # type: ignore[valid-type]
    extended_key_usage_critical: bool = False
    path_length: Annotated[int | None, Field(ge=0, le=5)] = None
    any_policy: bool = False
    qc_statements: QcStatements | None = None
    authority_information: tuple[Literal["ca-issuers", "ocsp"], ...] = ()
    crl_distribution_point: bool = False
    ocsp_no_check: bool = False
    no_rev_avail: bool = False
    document_types: tuple[Annotated[str, Field(pattern=r"^[A-Z]{1,2}$")], ...] = ()


class ProfileDefinition(_Model):
    """One file of ca/profiles/definitions/; docs/reference/profiles.md explains each key."""

    format: Literal["camtrust-profile-1"]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
    version: Annotated[int, Field(ge=1)]
    title: str
    cites: Annotated[tuple[str, ...], Field(min_length=1)]
    kind: Literal["end-entity", "authority"] = "end-entity"
    self_signed: bool = False
    issuer_roles: tuple[Role, ...] = ()
    policy: Annotated[int | None, Field(ge=1)] = None
    validity_days: Annotated[int, Field(ge=1, le=9200)]
    private_key_usage_days: Annotated[int | None, Field(ge=1)] = None
    approvals: Annotated[int, Field(ge=1, le=2)]
    stays_after_expiry: bool = False
    tolerates: tuple[Literal[tuple(REQUESTED_EXTENSIONS)], ...] = ()  # type: ignore[valid-type]
    keys: Keys
    lint: Lint
    subject: Annotated[tuple[SubjectField, ...], Field(min_length=1)]
    subject_alternative_name: tuple[AlternativeNameField, ...] = ()
    extensions: Extensions

    @property
    def validity(self) -> timedelta:
        """The longest validity."""
        return timedelta(days=self.validity_days)

    @property
    def template_facts(self) -> tuple[str, ...]:
        """The facts that templates of the subject name."""
        return tuple(
            name
            for one in self.subject
            if one.template is not None
            for _, name, _, _ in Formatter().parse(one.template)
            if name
        )

    @property
    def optional_facts(self) -> frozenset[str]:
        """The facts that the subject can do without, in templates too."""
        return frozenset(one.fact for one in self.subject if one.fact and one.optional)

    @model_validator(mode="after")
    def _has_an_issuer(self) -> Self:
        if self.self_signed == bool(self.issuer_roles):
            raise ValueError("issuer_roles: needed unless self_signed, and then none")
        if self.self_signed and self.kind != "authority":
            raise ValueError("self_signed: only an authority signs its own certificate")
        return self

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        bits = {*self.extensions.key_usage.any}
        if (self.kind == "authority") != ("key_cert_sign" in bits):
            raise ValueError("extensions.key_usage: key_cert_sign is for authorities alone")
        if self.kind != "authority" and self.extensions.path_length is not None:
            raise ValueError("extensions.path_length: only an authority has one")
        if (self.private_key_usage_days or 0) > self.validity_days:
            raise ValueError("private_key_usage_days: longer than the certificate")
        return self

    @model_validator(mode="after")
    def _can_do_without_revocation(self) -> Self:
        wanted = self.extensions
        if not wanted.no_rev_avail:
            return self
        where = "extensions.no_rev_avail"
        # RFC 9608, Section 3: never for authorities, and nothing points to a status.
        if self.kind == "authority":
            raise ValueError(f"{where}: not for an authority")
        if wanted.crl_distribution_point or "ocsp" in wanted.authority_information:
            raise ValueError(f"{where}: without CRL distribution point and responder")
        if "ca-issuers" not in wanted.authority_information:
            raise ValueError(f"{where}: the issuer's certificate is still to be found")
        if self.validity_days > SHORT_LIVED_DAYS:
            raise ValueError(f"{where}: {SHORT_LIVED_DAYS} days at most")
        if ALWAYS_ASKED_ROLES & {*self.issuer_roles}:
            raise ValueError(f"{where}: X-Road asks for the status of every certificate")
        return self

    @model_validator(mode="after")
    def _has_each_attribute_once(self) -> Self:
        names = [one.attribute for one in self.subject]
        kinds = [one.kind for one in self.subject_alternative_name]
        if len(set(names)) != len(names) or len(set(kinds)) != len(kinds):
            raise ValueError("subject: an attribute or kind of name stands twice")
        return self
