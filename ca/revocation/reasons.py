"""Why a certificate is revoked: RFC 5280, Section 5.3.1."""

from __future__ import annotations

from enum import StrEnum

from cryptography import x509

from ca.revocation.errors import ReasonRefused


class RevocationReason(StrEnum):
    """The reasons that a public-key certificate may carry, in RFC 5280's words."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    CA_COMPROMISE = "cACompromise"  # only on a certification authority's own certificate
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    CERTIFICATE_HOLD = "certificateHold"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"

    @property
    def code(self) -> int:
        """The value of the CRLReason ENUMERATED."""
        return _CODES[self]

    @property
    def flag(self) -> x509.ReasonFlags:
        """The reason as cryptography names it."""
        return x509.ReasonFlags(self.value)

    @property
    def means_compromise(self) -> bool:
        """Tell whether the private key is no longer its holder's alone."""
        return self in {RevocationReason.KEY_COMPROMISE, RevocationReason.CA_COMPROMISE}


# RFC 5280, Section 5.3.1; 7 is not used there.
_CODES = {
    RevocationReason.UNSPECIFIED: 0,
    RevocationReason.KEY_COMPROMISE: 1,
    RevocationReason.CA_COMPROMISE: 2,
    RevocationReason.AFFILIATION_CHANGED: 3,
    RevocationReason.SUPERSEDED: 4,
    RevocationReason.CESSATION_OF_OPERATION: 5,
    RevocationReason.CERTIFICATE_HOLD: 6,
    RevocationReason.PRIVILEGE_WITHDRAWN: 9,
}

_REFUSED = {
    "unused": "it was taken out of RFC 5280",
    "removeFromCRL": "it is for delta CRLs; release the certificate from hold instead",
    "aACompromise": "it is for attribute certificates, and this authority issues none",
}


def parse_reason(word: str) -> RevocationReason:
    """Read a reason in RFC 5280's spelling. Raises ReasonRefused."""
    if word in _REFUSED:
        raise ReasonRefused(f"{word} is no reason to revoke with: {_REFUSED[word]}.", reason=word)
    try:
        return RevocationReason(word)
    except ValueError as error:
        known = ", ".join(RevocationReason)
        raise ReasonRefused(f"This is no reason of RFC 5280; known are {known}.") from error
