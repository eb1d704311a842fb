"""The words of ETSI EN 319 102-1, Section 5.1.3: indications and sub-indications."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """The indication of a validation as a whole."""

    TOTAL_PASSED = "TOTAL_PASSED"
    TOTAL_FAILED = "TOTAL_FAILED"
    INDETERMINATE = "INDETERMINATE"


class Integrity(StrEnum):
    """What became of that which a signature covers, whoever made it.

    INTACT: these octets were signed, they are all there is of the document as it was signed, and
    whatever was added later is permitted. ALTERED: the digest or the signature value does not fit.
    NOT_COVERED: the mathematics fit, but the document says more than, or something else than,
    what was signed.
    """

    INTACT = "INTACT"
    ALTERED = "ALTERED"
    NOT_COVERED = "NOT_COVERED"


class SubIndication(StrEnum):
    """Why a signature did not pass."""

    # With TOTAL_FAILED.
    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    # With INDETERMINATE.
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    CERTIFICATE_CHAIN_GENERAL_FAILURE = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE = "CRYPTO_CONSTRAINTS_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE_NO_POE = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    REVOKED_CA_NO_POE = "REVOKED_CA_NO_POE"
    OUT_OF_BOUNDS_NO_POE = "OUT_OF_BOUNDS_NO_POE"
    REVOCATION_OUT_OF_BOUNDS_NO_POE = "REVOCATION_OUT_OF_BOUNDS_NO_POE"
    TIMESTAMP_ORDER_FAILURE = "TIMESTAMP_ORDER_FAILURE"
    TRY_LATER = "TRY_LATER"
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"
    GENERIC = "GENERIC"
    # Not of the standard: there is nothing to judge. EU DSS says the same word.
    NO_SIGNATURE_FOUND = "NO_SIGNATURE_FOUND"

    @property
    def verdict(self) -> Verdict:
        """The indication with which it stands."""
        return Verdict.TOTAL_FAILED if self in _FAILURES else Verdict.INDETERMINATE


_FAILURES = frozenset(
    {
        SubIndication.FORMAT_FAILURE,
        SubIndication.HASH_FAILURE,
        SubIndication.SIG_CRYPTO_FAILURE,
    }
)


def worst(verdicts: list[Verdict]) -> Verdict:
    """Return the verdict over several signatures: it is no better than that of any."""
    for one in (Verdict.TOTAL_FAILED, Verdict.INDETERMINATE):
        if one in verdicts:
            return one
    return Verdict.TOTAL_PASSED if verdicts else Verdict.INDETERMINATE
