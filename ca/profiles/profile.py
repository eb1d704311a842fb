"""A profile as planning and linting use it: its definition, bound to this installation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from cryptography import x509

from ca.constraints.weak_keys import WeakKeys
from ca.csr import VerifiedCsr
from ca.der import encode_oid
from ca.names import upper_bound
from ca.plan import FactValue
from ca.profiles.definition import AlternativeNameField, ProfileDefinition, SubjectField
from ca.profiles.expected import critical_extensions, expected_extensions
from ca.profiles.extensions import ConstantExtensions
from ca.publication import PublicationUrls
from core.errors import Conflict, NotFound


class ProfileUnknown(NotFound):
    """There is no profile of this name."""

    problem = "profile-unknown"
    title = "There is no such profile"


class IssuerRoleRefused(Conflict):
    """This authority may not issue under this profile."""

    problem = "issuer-role-refused"
    title = "This authority does not issue such certificates"


@dataclass(frozen=True)
class Profile:
    """A kind of certificate. Frozen; safe to share between threads.

    ``policy_oid`` is None where the profile names no policy of its own.
    """

    definition: ProfileDefinition
    policy_oid: str | None
    disclosure_statements: Mapping[str, str]
    publication: PublicationUrls
    weak_keys: WeakKeys
    constant_extensions: ConstantExtensions = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """The name, unique among profiles."""
        return self.definition.name

    @property
    def version(self) -> int:
        """Rises with each change of the definition."""
        return self.definition.version

    @property
    def title(self) -> str:
        """What to call it when talking to people."""
        return self.definition.title

    @property
    def validity(self) -> timedelta:
        """The longest validity."""
        return self.definition.validity

    @property
    def approvals(self) -> int:
        """How many officers have to approve a request: one or two."""
        return self.definition.approvals

    @property
    def stays_after_expiry(self) -> bool:
        """Whether a revocation stays on the CRL after the certificate has expired."""
        return self.definition.stays_after_expiry

    @property
    def no_rev_avail(self) -> bool:
        """Whether certificates say that nobody revokes them (RFC 9608), so nobody asks."""
        return self.definition.extensions.no_rev_avail

    @property
    def self_signed(self) -> bool:
        """Whether the certificate is signed with the key that it certifies."""
        return self.definition.self_signed

    @property
    def is_authority(self) -> bool:
        """Whether the subject is a certification authority."""
        return self.definition.kind == "authority"

    @property
    def issuer_roles(self) -> tuple[str, ...]:
        """The roles of the authorities that may issue; none for a self-signed profile."""
        return self.definition.issuer_roles

    @property
    def default_issuer_role(self) -> str:
        """The role that issues where the request names no authority. Raises IssuerRoleRefused."""
        if not self.issuer_roles:
            raise IssuerRoleRefused(f"{self.name} is self-signed: no authority issues it.")
        return self.issuer_roles[0]

    def check_issuer_role(self, role: str) -> None:
        """Raise IssuerRoleRefused unless an authority of ``role`` may issue."""
        if role not in self.issuer_roles:
            raise IssuerRoleRefused(
                f"An authority of the role {role} issues no {self.name}.",
                profile=self.name,
                role=role,
            )

    def key_types(self, role: str | None) -> tuple[str, ...]:
        """Return the key types accepted under an issuer of ``role`` (None: self-signed)."""
        keys = self.definition.keys
        return keys.by_role.get(role or "", keys.types)

    @cached_property
    def attribute_fields(self) -> Mapping[bytes, SubjectField]:
        """The subject's fields by the content octets of their OIDs."""
        return {encode_oid(one.oid)[2:]: one for one in self.definition.subject}

    @cached_property
    def attribute_patterns(self) -> Mapping[bytes, re.Pattern[str]]:
        """The patterns of the subject's fields that have one, by the content of their OIDs."""
        return {
            oid: re.compile(field.pattern)
            for oid, field in self.attribute_fields.items()
            if field.pattern is not None
        }

    @cached_property
    def attribute_bounds(self) -> Mapping[bytes, int]:
        """The upper bounds of the subject's fields, by the content of their OIDs."""
        return {oid: upper_bound(field.oid) for oid, field in self.attribute_fields.items()}

    @cached_property
    def alternative_name_kinds(self) -> frozenset[str]:
        """The kinds of name that subjectAltName may have."""
        return frozenset(one.kind for one in self.definition.subject_alternative_name)

    @cached_property
    def extension_oids(self) -> tuple[frozenset[bytes], frozenset[bytes]]:
        """The contents of the OIDs of extensions that are required, and of optional ones."""
        return expected_extensions(self.definition)

    @cached_property
    def critical_extension_oids(self) -> frozenset[bytes]:
        """The contents of the OIDs of extensions that are critical."""
        return critical_extensions(self.definition)

    def private_key_usage_period(self, not_before: datetime) -> bytes | None:
        """Return the DER of privateKeyUsagePeriod, or None where the profile has none.

        RFC 3280, Section 4.2.1.4, as ICAO Doc 9303-12 and WHO's governance use it.
        """
        days = self.definition.private_key_usage_days
        if days is None:
            return None
        not_after = not_before + timedelta(days=days)
        return x509.PrivateKeyUsagePeriod(not_before=not_before, not_after=not_after).public_bytes()

    @property
    def facts(self) -> dict[str, bool]:
        """The facts that the profile asks for, and whether each one has to be there."""
        sources: list[SubjectField | AlternativeNameField] = [
            *self.definition.subject,
            *self.definition.subject_alternative_name,
        ]
        needed = {
            one.fact: not one.optional and not one.from_request
            for one in sources
            if one.fact is not None
        }
        in_templates = set(self.definition.template_facts) - self.definition.optional_facts
        return needed | dict.fromkeys(in_templates, True)

    @property
    def facts_from_request(self) -> frozenset[str]:
        """The facts that are taken from the request where the decision did not establish them."""
        sources: list[SubjectField | AlternativeNameField] = [
            *self.definition.subject,
            *self.definition.subject_alternative_name,
        ]
        return frozenset(one.fact for one in sources if one.from_request and one.fact is not None)

    def facts_in(self, csr: VerifiedCsr) -> dict[str, FactValue]:
        """Return the facts that a request's own subject and names would give.

        Nobody has checked them: an officer who takes them over vouches for them.
        """
        found: dict[str, FactValue] = {}
        for one in self.definition.subject:
            value = csr.subject_value(one.oid)
            if one.fact is not None and value is not None:
                found.setdefault(one.fact, value)
        for names in self.definition.subject_alternative_name:
            values = tuple(n.value for n in csr.alternative_names if n.kind == names.kind)
            if values:
                found.setdefault(names.fact, values if names.most > 1 else values[0])
        return found


def profile_named(profiles: Mapping[str, Profile], name: str) -> Profile:
    """Return a profile. Raises ProfileUnknown."""
    if name not in profiles:
        raise ProfileUnknown(f"There is no profile {name}.", profile=name)
    return profiles[name]
