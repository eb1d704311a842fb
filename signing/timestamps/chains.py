"""Whether a certificate led to an anchor at an instant: RFC 5280, Section 6, as far as units go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature

# The national hierarchy has two authorities above a unit; others have a few more.
DEEPEST = 6


def leads_to_anchor(
    certificate: x509.Certificate,
    others: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    *,
    at: datetime,
    depth: int = DEEPEST,
) -> bool:
    """Tell whether every certificate from this one to one of ``anchors`` was valid at ``at``.

    Signatures, validity, CA and keyCertSign; names and policies constrain nothing in a unit's
    chain that would make another unit of it.
    """
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        return False
    if any(_issued(anchor, certificate) or anchor == certificate for anchor in anchors):
        return True
    return depth > 0 and any(
        leads_to_anchor(one, others, anchors, at=at, depth=depth - 1)
        for one in others
        if one != certificate and _issued(one, certificate)
    )


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if issuer.subject != certificate.issuer or not _may_issue(issuer):
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _may_issue(certificate: x509.Certificate) -> bool:
    # RFC 5280, Sections 4.2.1.3 and 4.2.1.9.
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    except x509.ExtensionNotFound:
        return False
    return constraints.value.ca and usage.value.key_cert_sign
