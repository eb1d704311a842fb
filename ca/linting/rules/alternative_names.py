"""Rules on subjectAltName."""

from __future__ import annotations

from ca.constraints.alternative_names import is_dns_name, is_email
from ca.der import SEQUENCE, Element, NotDer, read_only
from ca.linting.candidate import Candidate, content_of
from ca.linting.rule import rule
from core import oids

_SUBJECT_ALTERNATIVE_NAME = content_of(oids.SUBJECT_ALTERNATIVE_NAME)
_COMMON_NAME = content_of(oids.COMMON_NAME)
# RFC 5280, Section 4.2.1.6: GeneralName's tags.
_TAGS = {0x81: "email", 0x82: "dns", 0x86: "uri", 0x87: "ip"}


def _names(candidate: Candidate) -> list[Element]:
    found = candidate.extension(_SUBJECT_ALTERNATIVE_NAME)
    if found is None:
        return []
    try:
        return list(read_only(found.value, SEQUENCE).children())
    except NotDer:
        return []


@rule("alternative-names-not-empty", "RFC 5280, Section 4.2.1.6")
def alternative_names_are_not_empty(candidate: Candidate) -> str | None:
    """If present, it has at least one name, and each only once."""
    if candidate.extension(_SUBJECT_ALTERNATIVE_NAME) is None:
        return None
    names = [name.der for name in _names(candidate)]
    if not names:
        return "subjectAltName is empty or cannot be read"
    return None if len(set(names)) == len(names) else "an alternative name stands twice"


@rule("alternative-names-kinds", "the profile")
def alternative_names_are_of_the_profiles_kinds(candidate: Candidate) -> str | None:
    """No kind of name that the profile does not have."""
    kinds = candidate.profile.alternative_name_kinds
    if any(_TAGS.get(name.tag) not in kinds for name in _names(candidate)):
        return "there is an alternative name of a kind that the profile does not have"
    return None


@rule("alternative-names-dns", "RFC 1034, Section 3.5; RFC 5280, Section 4.2.1.6")
def host_names_are_host_names(candidate: Candidate) -> str | None:
    """Lower-case letters, digits and hyphens, fully qualified; no wildcard, no underscore."""
    for name in _names(candidate):
        if _TAGS.get(name.tag) == "dns" and not is_dns_name(name.value.decode("latin-1")):
            return "a host name is malformed"
    return None


@rule("alternative-names-email", "RFC 5280, Section 4.2.1.6; RFC 5321, Section 4.1.2")
def mailboxes_are_mailboxes(candidate: Candidate) -> str | None:
    """local@domain, in ASCII, without name or angle brackets."""
    for name in _names(candidate):
        if _TAGS.get(name.tag) == "email" and not is_email(name.value.decode("latin-1")):
            return "a mailbox is malformed"
    return None


@rule("alternative-names-ip", "RFC 5280, Section 4.2.1.6")
def ip_addresses_have_four_or_sixteen_octets(candidate: Candidate) -> str | None:
    """Four for IPv4, sixteen for IPv6; never a range."""
    for name in _names(candidate):
        if _TAGS.get(name.tag) == "ip" and len(name.value) not in {4, 16}:
            return "an IP address has a wrong length"
    return None


@rule("server-name-among-alternatives", "RFC 9525, Section 2; ETSI EN 319 412-4, WEB-4.1.3-4")
def a_servers_common_name_is_among_its_names(candidate: Candidate) -> str | None:
    """Clients read subjectAltName alone; the common name may only repeat it."""
    purposes = candidate.profile.definition.extensions.extended_key_usage
    if "server_auth" not in purposes:
        return None
    names = {name.value for name in _names(candidate) if _TAGS.get(name.tag) == "dns"}
    for attribute in candidate.attributes:
        if attribute.oid == _COMMON_NAME and attribute.value not in names:
            return "the common name is not among the alternative names"
    return None
