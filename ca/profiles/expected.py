"""Which extensions a definition leads to: read by the rules that check what planning made."""

from __future__ import annotations

from ca.der import encode_oid
from ca.profiles.definition import ProfileDefinition
from core import oids


def expected_extensions(
    definition: ProfileDefinition,
) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Return the OID contents of required extensions, and of those that may be there."""
    wanted = definition.extensions
    issued = not definition.self_signed
    needed = {
        oids.SUBJECT_KEY_IDENTIFIER: True,
        oids.KEY_USAGE: True,
        oids.AUTHORITY_KEY_IDENTIFIER: issued,
        oids.BASIC_CONSTRAINTS: definition.kind == "authority",
        oids.EXTENDED_KEY_USAGE: bool(wanted.extended_key_usage),
        oids.CERTIFICATE_POLICIES: wanted.any_policy or definition.policy is not None,
        oids.AUTHORITY_INFORMATION_ACCESS: issued and bool(wanted.authority_information),
        oids.CRL_DISTRIBUTION_POINTS: issued and wanted.crl_distribution_point,
        oids.QC_STATEMENTS: wanted.qc_statements is not None,
        oids.OCSP_NO_CHECK: wanted.ocsp_no_check,
        oids.NO_REV_AVAIL: wanted.no_rev_avail,
        oids.DOCUMENT_TYPE_LIST: bool(wanted.document_types),
        oids.PRIVATE_KEY_USAGE_PERIOD: definition.private_key_usage_days is not None,
        oids.SUBJECT_ALTERNATIVE_NAME: any(
            not one.optional for one in definition.subject_alternative_name
        ),
    }
    optional = {oids.SUBJECT_ALTERNATIVE_NAME} if definition.subject_alternative_name else set()
    required = [oid for oid, is_needed in needed.items() if is_needed]
    return _contents(required), _contents(optional)


def critical_extensions(definition: ProfileDefinition) -> frozenset[bytes]:
    """Return the OID contents of extensions that have to be critical.

    RFC 5280, Sections 4.2.1.3 and 4.2.1.9; RFC 3161, Section 2.3 where the profile says so.
    """
    critical = [oids.KEY_USAGE, oids.BASIC_CONSTRAINTS]
    if definition.extensions.extended_key_usage_critical:
        critical.append(oids.EXTENDED_KEY_USAGE)
    return _contents(critical)


def _contents(dotted: list[str] | set[str]) -> frozenset[bytes]:
    return frozenset(encode_oid(one)[2:] for one in dotted)
