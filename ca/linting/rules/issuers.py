"""Rules on what the issuer's own certificate fixes: name, algorithm, key identifier, depth."""

from __future__ import annotations

from ca.linting.candidate import Candidate, content_of
from ca.linting.rule import rule
from core import oids
from hsm.signature_identifiers import SIGNATURE_ALGORITHM_DER

_AUTHORITY_KEY_IDENTIFIER = content_of(oids.AUTHORITY_KEY_IDENTIFIER)
_KNOWN_ALGORITHMS = frozenset(SIGNATURE_ALGORITHM_DER.values())


@rule("signature-algorithm-known", "RFC 5280, Section 4.1.1.2; NIST SP 800-131A")
def signature_algorithm_is_known(candidate: Candidate) -> str | None:
    """SHA-256 or better, exactly as encoded by its RFC."""
    if candidate.signature_algorithm in _KNOWN_ALGORITHMS:
        return None
    return "the signature algorithm is not one of ours"


@rule("signature-algorithm-of-issuer", "RFC 5280, Section 4.1.2.3")
def signature_algorithm_is_that_of_the_issuers_key(candidate: Candidate) -> str | None:
    """One algorithm for each key."""
    issuer = candidate.issuer_facts
    if issuer is None or candidate.signature_algorithm == issuer.signature_algorithm:
        return None
    return "the signature algorithm is not that of the issuer's key"


@rule("issuer-name", "RFC 5280, Sections 4.1.2.4 and 6.1.3 (a)(4)")
def issuer_is_the_issuers_subject(candidate: Candidate) -> str | None:
    """Octet for octet: some programs compare no other way."""
    issuer = candidate.issuer_facts
    expected = candidate.subject if issuer is None else issuer.subject_der
    return None if candidate.issuer == expected else "the issuer's name is another"


@rule("authority-key-identifier", "RFC 5280, Section 4.2.1.1")
def authority_key_identifier_is_the_issuers(candidate: Candidate) -> str | None:
    """Absent from what is self-signed, else the issuer's own identifier, not critical."""
    issuer = candidate.issuer_facts
    found = candidate.extension(_AUTHORITY_KEY_IDENTIFIER)
    if issuer is None:
        return None if found is None else "a self-signed certificate points to another key"
    if found is None or found.critical or found.value != issuer.key_identifier_extension:
        return "the authority key identifier is not the issuer's"
    return None


@rule("issuer-is-authority", "RFC 5280, Section 6.1.4 (k)")
def issuer_is_an_authority(candidate: Candidate) -> str | None:
    """An end entity issues nothing."""
    issuer = candidate.issuer_facts
    if issuer is None or issuer.is_authority:
        return None
    return "the issuer is no certification authority"


@rule("issuer-path-length", "RFC 5280, Section 6.1.4 (m)")
def authorities_keep_to_the_issuers_depth(candidate: Candidate) -> str | None:
    """An issuer with pathLen 0 certifies no authority."""
    issuer = candidate.issuer_facts
    if issuer is None or issuer.path_length is None or not candidate.profile.is_authority:
        return None
    return "the issuer allows no authority below it" if issuer.path_length == 0 else None
