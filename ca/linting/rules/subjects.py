"""Rules on the subject's name."""

from __future__ import annotations

import re

from ca.constraints.subject_names import is_composed
from ca.der import IA5_STRING, PRINTABLE_STRING, UTF8_STRING
from ca.linting.candidate import Attribute, Candidate, content_of
from ca.linting.rule import rule
from ca.names import has_bidi_control, refused_character, upper_bound
from core import oids

_COUNTRY_NAME = content_of(oids.COUNTRY_NAME)
_PRINTABLE_ONLY = frozenset({_COUNTRY_NAME, content_of(oids.SERIAL_NUMBER)})
_PRINTABLE = re.compile(rb"[A-Za-z0-9 '()+,\-./:=?]+")
_COUNTRY = re.compile(rb"[A-Z]{2}")


def _text(attribute: Attribute) -> str | None:
    try:
        return attribute.value.decode("utf-8")
    except UnicodeDecodeError:
        return None


@rule("subject-not-empty", "RFC 5280, Section 4.1.2.6")
def subject_is_not_empty(candidate: Candidate) -> str | None:
    """Every subject of ours has a name."""
    return None if candidate.attributes else "the subject is empty"


@rule("subject-attributes", "the profile; ETSI EN 319 412-2 and -3, Section 4.2")
def attributes_are_the_profiles_in_its_order(candidate: Candidate) -> str | None:
    """Each at most once, none that the profile does not know, none missing."""
    found = [attribute.oid for attribute in candidate.attributes]
    fields = candidate.profile.attribute_fields
    if [oid for oid in fields if oid in found] != found:
        return "the subject has other attributes than the profile, or another order"
    if any(oid not in found and not field.optional for oid, field in fields.items()):
        return "the subject lacks an attribute of the profile"
    return None


@rule("subject-constants", "the profile")
def constants_are_the_profiles(candidate: Candidate) -> str | None:
    """What a profile fixes, nothing changes."""
    fields = candidate.profile.attribute_fields
    for attribute in candidate.attributes:
        field = fields.get(attribute.oid)
        constant = None if field is None else field.constant
        if constant is not None and attribute.value != constant.encode():
            return "the subject has another constant than the profile"
    return None


@rule("subject-patterns", "the profile; ETSI EN 319 412-1, Section 5")
def values_match_the_profiles_patterns(candidate: Candidate) -> str | None:
    """Identifiers have the form of their scheme."""
    for attribute in candidate.attributes:
        pattern = candidate.profile.attribute_patterns.get(attribute.oid)
        if pattern is not None and not pattern.fullmatch(_text(attribute) or ""):
            return "a value has not the form that the profile asks for"
    return None


@rule("subject-string-types", "RFC 5280, Section 4.1.2.4 and Appendix A.1")
def strings_have_a_type_in_use(candidate: Candidate) -> str | None:
    """UTF8String; PrintableString where the attribute is defined so; never older ones."""
    for attribute in candidate.attributes:
        if attribute.oid in _PRINTABLE_ONLY:
            if attribute.tag != PRINTABLE_STRING:
                return "countryName and serialNumber are PrintableString"
        elif attribute.tag not in {UTF8_STRING, PRINTABLE_STRING}:
            return "a name has an outdated string type"
    return None


@rule("subject-printable", "X.680, Section 41.4")
def printable_strings_are_printable(candidate: Candidate) -> str | None:
    """PrintableString has a small alphabet, without * @ & _."""
    for attribute in candidate.attributes:
        printable = attribute.tag in {PRINTABLE_STRING, IA5_STRING}
        if printable and not _PRINTABLE.fullmatch(attribute.value):
            return "a PrintableString has a character outside its alphabet"
    return None


@rule("subject-country", "RFC 5280, Appendix A.1; ISO 3166-1")
def countries_are_two_capital_letters(candidate: Candidate) -> str | None:
    """Alpha-2 codes in capitals."""
    for attribute in candidate.attributes:
        if attribute.oid == _COUNTRY_NAME and not _COUNTRY.fullmatch(attribute.value):
            return "a country is not two capital letters"
    return None


@rule("subject-lengths", "RFC 5280, Appendix A.1, upper bounds")
def names_keep_to_their_upper_bounds(candidate: Candidate) -> str | None:
    """In characters, not octets."""
    bounds = candidate.profile.attribute_bounds
    for attribute in candidate.attributes:
        text = _text(attribute)
        if text is None or not 1 <= len(text) <= bounds.get(attribute.oid, upper_bound("")):
            return "a name is empty, too long, or not UTF-8"
    return None


@rule("subject-characters", "Unicode Technical Report 36, Section 2; CP 3.1")
def names_have_no_hidden_characters(candidate: Candidate) -> str | None:
    """No NUL, control, invisible or direction-turning character."""
    for attribute in candidate.attributes:
        text = _text(attribute) or ""
        if not text.isascii() and has_bidi_control(text):
            return "a name turns its writing direction"
        if refused_character(text) is not None:
            return "a name has a character that is not seen"
    return None


@rule("subject-spaces", "RFC 4518, Section 2.6.1; CP 3.1")
def names_are_written_as_they_are_compared(candidate: Candidate) -> str | None:
    """No space at an end, none doubled; composed form."""
    for attribute in candidate.attributes:
        text = _text(attribute) or ""
        if text != text.strip() or "  " in text or not is_composed(text):
            return "a name has surplus spaces or is not in composed form"
    return None
