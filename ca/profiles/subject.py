"""Fill a profile's subject and alternative names from facts, request and constants."""

from __future__ import annotations

import ipaddress
import warnings
from collections.abc import Callable, Mapping

from cryptography import x509

from ca.constraints.alternative_names import check_alternative_name
from ca.constraints.refusals import KEPT, FactMissing, NameFormRefused
from ca.constraints.subject_names import check_name
from ca.csr import VerifiedCsr
from ca.names import upper_bound
from ca.plan import FactValue
from ca.profiles.definition import AlternativeNameField, ProfileDefinition, SubjectField

_GENERAL_NAMES: dict[str, Callable[[str], x509.GeneralName]] = {
    "email": x509.RFC822Name,
    "dns": x509.DNSName,
    "uri": x509.UniformResourceIdentifier,
    "ip": lambda value: x509.IPAddress(ipaddress.ip_address(value)),
}


def subject_name(
    definition: ProfileDefinition, facts: Mapping[str, FactValue], csr: VerifiedCsr
) -> x509.Name:
    """Return the subject, its attributes in the profile's order.

    Raises FactMissing and what :func:`ca.constraints.subject_names.check_name` raises.
    """
    attributes: list[x509.NameAttribute[str]] = []
    for field in definition.subject:
        value = _value(field, definition, facts, csr)
        if value is None:
            continue
        check_name(field.oid, value, field.pattern)
        attributes.append(_attribute(field.oid, value))
    return x509.Name(attributes)


def alternative_names(
    definition: ProfileDefinition, facts: Mapping[str, FactValue], csr: VerifiedCsr
) -> list[tuple[str, str]]:
    """Return (kind, value) in the profile's order. Raises FactMissing or NameFormRefused."""
    names: list[tuple[str, str]] = []
    for field in definition.subject_alternative_name:
        values = _names(field, facts, csr)
        if not values and not field.optional:
            raise _missing(field.fact)
        if len(values) > field.most or len(set(values)) != len(values):
            raise NameFormRefused(
                f"{field.fact} has {len(values)} names; {field.most} different ones are the most.",
                kept=KEPT,
                fact=field.fact,
            )
        for value in values:
            check_alternative_name(field.kind, value)
            names.append((field.kind, value))
    return names


def subject_alternative_name(names: list[tuple[str, str]]) -> x509.SubjectAlternativeName:
    """Return the extension for checked (kind, value) names."""
    return x509.SubjectAlternativeName([_GENERAL_NAMES[kind](value) for kind, value in names])


def _attribute(oid: str, value: str) -> x509.NameAttribute[str]:
    identifier = x509.ObjectIdentifier(oid)
    if len(value.encode()) <= upper_bound(oid):
        return x509.NameAttribute(identifier, value)
    # RFC 5280, Appendix A.1 counts characters, as check_name did; cryptography counts octets, of
    # which a Khmer letter has three, and would refuse a name of 22 letters.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return x509.NameAttribute(identifier, value, _validate=False)


def _value(
    field: SubjectField,
    definition: ProfileDefinition,
    facts: Mapping[str, FactValue],
    csr: VerifiedCsr,
) -> str | None:
    if field.constant is not None:
        return field.constant
    if field.template is not None:
        return _filled(field.template, definition.optional_facts, facts)
    value = facts.get(field.fact or "")
    if value is None and field.from_request:
        value = csr.subject_value(field.oid)
    if value is None:
        if field.optional:
            return None
        raise _missing(field.fact or "")
    if not isinstance(value, str):
        raise NameFormRefused(
            f"{field.fact} has to be one text, not several.", kept=KEPT, fact=field.fact
        )
    return value


def _filled(template: str, optional: frozenset[str], facts: Mapping[str, FactValue]) -> str:
    known = {one: value for one, value in facts.items() if isinstance(value, str)}
    absent = optional - known.keys()
    try:
        text = template.format_map(known | dict.fromkeys(absent, ""))
    except KeyError as error:
        raise _missing(str(error.args[0])) from error
    # What is absent leaves no space behind; of several optional parts one has to be there.
    text = " ".join(text.split()) if absent else text
    if not text:
        raise _missing(min(absent))
    return text


def _names(
    field: AlternativeNameField, facts: Mapping[str, FactValue], csr: VerifiedCsr
) -> tuple[str, ...]:
    value = facts.get(field.fact)
    if value is None and field.from_request:
        return tuple(name.value for name in csr.alternative_names if name.kind == field.kind)
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


def _missing(fact: str) -> FactMissing:
    return FactMissing(
        f"The certificate needs {fact.replace('_', ' ')}, which is not known.",
        kept=KEPT,
        fact=fact,
    )
