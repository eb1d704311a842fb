"""The skeleton of a certificate: all its octets, but for values that cannot change a finding.

pkilint's result for one certificate holds for another when both have the same issuer, profile,
version and skeleton. In a skeleton a value is replaced by its *form* only where it matches the
grammar of its field: what tag it has, from which letters it is made, and whatever else a
validator of pkilint looks at (a date's month, a host name's last label, an RSA key's size, which
values are equal to which). A value that matches no grammar has no form: then there is no
skeleton, and the certificate is linted in full and proves nothing for others.
"""

from __future__ import annotations

from collections.abc import Sequence

from ca.der import SEQUENCE, NotDer, read_only
from ca.linting.candidate import Candidate, ExtensionField, content_of
from ca.linting.forms import (
    Form,
    alternative_name_form,
    attribute_form,
    equalities,
    public_key_form,
    serial_number_form,
)
from ca.profiles.extensions import subject_key_identifier
from core import oids

Skeleton = tuple[object, ...]

_SUBJECT_KEY_IDENTIFIER = content_of(oids.SUBJECT_KEY_IDENTIFIER)
_SUBJECT_ALTERNATIVE_NAME = content_of(oids.SUBJECT_ALTERNATIVE_NAME)
_CRL_DISTRIBUTION_POINTS = content_of(oids.CRL_DISTRIBUTION_POINTS)
_PRIVATE_KEY_USAGE_PERIOD = content_of(oids.PRIVATE_KEY_USAGE_PERIOD)


class _NoForm(Exception):  # noqa: N818 - never leaves this module
    """A value matches no grammar."""


def skeleton_of(candidate: Candidate) -> Skeleton | None:
    """Return the skeleton, or None where a value has no form."""
    plan = candidate.plan
    if plan.self_signed:
        return None  # Roots are rare: each is linted in full.
    values: list[bytes] = []
    try:
        return (
            plan.authority,
            plan.profile,
            plan.profile_version,
            candidate.version,
            _known(serial_number_form(candidate.serial_number)),
            candidate.signature_algorithm,
            candidate.issuer,
            _validity(candidate),
            _subject(candidate, values),
            _known(public_key_form(candidate.public_key)),
            tuple(_extension(candidate, one, values) for one in candidate.extensions),
            equalities(values),
        )
    except (_NoForm, NotDer):
        return None


def _known(form: Form | None) -> Form:
    if form is None:
        raise _NoForm
    return form


def _validity(candidate: Candidate) -> Form:
    # Tags, month of the beginning, and length to the second: rules change with dates, and
    # limits are on lengths.
    begin, end = candidate.plan.not_before, candidate.plan.not_after
    found = (
        (candidate.not_before.tag, candidate.not_before.value),
        (candidate.not_after.tag, candidate.not_after.value),
    )
    if found != candidate.planned_times:
        raise _NoForm
    return begin.year, begin.month, end - begin, found[0][0], found[1][0]


def _subject(candidate: Candidate, values: list[bytes]) -> Form:
    fields = candidate.profile.attribute_fields
    forms: list[object] = []
    for attribute in candidate.attributes:
        field = fields.get(attribute.oid)
        if field is None:
            raise _NoForm
        forms.append(_known(attribute_form(attribute, field)))
        values.append(attribute.value)
    return tuple(forms)


def _extension(candidate: Candidate, one: ExtensionField, values: list[bytes]) -> object:
    if one.oid == _SUBJECT_KEY_IDENTIFIER:
        if one.value != b"\x04\x14" + subject_key_identifier(candidate.public_key):
            raise _NoForm
        return one.oid, one.critical
    if one.oid == _SUBJECT_ALTERNATIVE_NAME:
        return one.oid, one.critical, _alternative_names(one.value, values)
    if one.oid == _CRL_DISTRIBUTION_POINTS:
        return one.oid, one.critical, *_without_shard(one.value, candidate.plan.crl_shard)
    if one.oid == _PRIVATE_KEY_USAGE_PERIOD:
        return one.oid, one.critical, _key_period(candidate, one.value)
    return one


def _alternative_names(value: bytes, values: list[bytes]) -> Form:
    forms: list[object] = []
    for name in read_only(value, SEQUENCE).children():
        forms.append(_known(alternative_name_form(name)))
        values.append(name.value)
    return tuple(forms)


def _without_shard(value: bytes, shard: int) -> Sequence[object]:
    # All octets but the number of the shard, whose count of digits stays in the lengths.
    number = b"/%d.crl" % shard
    return value.count(number), value.replace(number, b"/" + b"#" * (len(number) - 5) + b".crl")


def _key_period(candidate: Candidate, value: bytes) -> Form:
    # SEQUENCE { [0] GeneralizedTime, [1] GeneralizedTime }, as the plan's dates make it.
    days = candidate.profile.definition.private_key_usage_days
    if days is None:
        raise _NoForm
    begin = candidate.plan.not_before
    expected = candidate.profile.private_key_usage_period(begin)
    if value != expected:
        raise _NoForm
    return (days,)
