"""What an issuer's own certificate allows it to issue."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509

from ca.constraints.refusals import KEPT, IssuerMayNotIssue
from ca.constraints.validity import check_issuer_key_period
from ca.plan import Issuer
from ca.profiles.definition import ProfileDefinition


def check_issuer(definition: ProfileDefinition, issuer: Issuer, now: datetime) -> None:
    """Check an issuer's basicConstraints and key period.

    Raises IssuerMayNotIssue or IssuerKeyPeriodOver.
    """
    certificate = issuer.certificate
    # RFC 5280, Section 6.1.4 (k) and (m): an authority, with room below it for another.
    try:
        own = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        own = x509.BasicConstraints(ca=False, path_length=None)
    if not own.ca:
        raise IssuerMayNotIssue("The issuer is no certification authority.", kept=KEPT)
    if definition.kind == "authority" and own.path_length is not None:
        below = definition.extensions.path_length
        if below is None or below >= own.path_length:
            raise IssuerMayNotIssue(
                f"The issuer allows {own.path_length} authorities below it; this one would not "
                "keep to that.",
                kept=KEPT,
            )
    check_issuer_key_period(now, certificate)
